"""Receive: one inbound request is read, proved, parsed, and answered when it is on disk."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from leadbridge.clock import Clock
from leadbridge.desk import Desk
from leadbridge.errors import RequestRefused, SignatureError, StorageUnavailable, Unparseable
from leadbridge.events import Event, Parsed, Received, Verified
from leadbridge.ids import new_id, new_trace_id, trace_id_of
from leadbridge.logs import Logger
from leadbridge.problems import problem
from leadbridge.store.base import Accepted, NewItem, NewRequest, Store
from leadbridge.verify import verify

BODY_TIME: Final = 30.0  # seconds a sender may take to send its body
STORAGE_SAID_EVERY: Final = 10.0  # seconds between two log lines about it
STORAGE_RETRY_AFTER: Final = 10  # seconds, told to senders while nothing can be stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How senders reach the service."""

    public_url: str | None  # as senders call it, without a slash at the end
    max_body: int  # bytes


class Receiver:
    """The receive stage: the endpoint behind `/hooks/{source}`."""

    def __init__(
        self,
        desks: Mapping[str, Desk],
        *,
        door: Door,
        store: Store,
        clock: Clock,
        log: Logger,
        stored: Callable[[], None],
    ) -> None:
        """`stored` is called after each commit that holds something to map."""
        self._desks = desks
        self._door = door
        self._store = store
        self._clock = clock
        self._log = log
        self._stored = stored
        self._said_unavailable_at: float | None = None

    async def handle(self, request: Request) -> Response:
        """Answer one request: 2xx only after its bytes are on disk."""
        name = request.path_params["source"]
        try:
            desk = self._desk(name, request.method)
            received = await self._read(desk, request)
            return await self._take(desk, received)
        except SignatureError as error:
            self._log.warning("request.refused", source=name, status=int(error.http_status), reason=error.reason)
            return problem(error.http_status, error.detail)
        except RequestRefused as error:
            self._log.warning("request.refused", source=name, status=int(error.http_status), problem=error.detail)
            return problem(error.http_status, error.detail, headers=error.headers)
        except StorageUnavailable as error:
            self._say_unavailable(name, error)
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Nothing can be stored at the moment; the request was not taken. Send it again later.",
                headers={"Retry-After": str(STORAGE_RETRY_AFTER)},
            )

    def _say_unavailable(self, name: str, error: StorageUnavailable) -> None:
        """Say it now and then: a line for every refused request would fill the disk that is full."""
        now = self._clock.monotonic()
        if self._said_unavailable_at is None or now - self._said_unavailable_at >= STORAGE_SAID_EVERY:
            self._said_unavailable_at = now
            self._log.error("storage.unavailable", source=name, problem=str(error))

    def _desk(self, name: str, method: str) -> Desk:
        desk = self._desks.get(name)
        if desk is None:
            detail = "There is no source of this name; check the last part of the URL against the configuration."
            raise RequestRefused(detail, status=HTTPStatus.NOT_FOUND)
        if method != "POST":
            detail = "Submissions are sent with POST."
            raise RequestRefused(detail, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        return desk

    async def _read(self, desk: Desk, request: Request) -> Received:
        several: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            several.setdefault(name, []).append(value)
        headers = {name: ", ".join(values) for name, values in several.items()}
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            detail = "Compressed bodies are not taken; send it without Content-Encoding."
            raise RequestRefused(
                detail, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers={"Accept-Encoding": "identity"}
            )
        return Received(
            source=desk.name,
            method=request.method,
            url=self._url(request),
            headers=headers,
            body=await self._body(request, headers),
            received_at=self._clock.now(),
        )

    async def _body(self, request: Request, headers: Mapping[str, str]) -> bytes:
        most = self._door.max_body
        too_large = RequestRefused(
            f"The body is larger than {most} bytes (`server.max_body`).", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
        length = headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > most):
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_TIME):
                async for piece in request.stream():
                    body += piece
                    if len(body) > most:
                        raise too_large
        except TimeoutError as error:
            detail = f"The body did not arrive within {BODY_TIME:g} seconds."
            raise RequestRefused(detail, status=HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from error
        except ClientDisconnect as error:
            detail = "The connection was closed before the body was complete."
            raise RequestRefused(detail, status=HTTPStatus.BAD_REQUEST) from error
        return bytes(body)

    def _url(self, request: Request) -> str:
        if self._door.public_url is None:
            return str(request.url)
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._door.public_url}{request.url.path}{query}"

    async def _take(self, desk: Desk, received: Received) -> Response:
        verified = verify(desk.scheme, received, now=received.received_at)
        # Anyone can send a traceparent; only a proved sender's is believed.
        believed = trace_id_of(received.headers.get("traceparent")) if verified.verified else None
        trace_id = believed or new_trace_id()
        try:
            parsed = desk.parse(verified)
        except Unparseable as error:
            if error.http_status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
                raise
            return await self._keep_unparseable(desk, verified, trace_id, error)
        items = _items(desk, verified, parsed)
        outcomes = await self._accept(desk, verified, trace_id, items)
        if any(outcome.status == "accepted" for outcome in outcomes):
            self._stored()
        return _reply(parsed, outcomes, trace_id)

    async def _accept(
        self, desk: Desk, verified: Verified, trace_id: str, items: list[NewItem]
    ) -> tuple[Accepted, ...]:
        new = NewRequest(
            request_id=new_id(),
            trace_id=trace_id,
            received=verified.request,
            verified_by=desk.scheme.scheme,
            items=items,
        )
        outcomes = await self._store.accept(new)
        for outcome, item in zip(outcomes, items, strict=True):
            self._log.info(
                f"submission.{outcome.status}",
                source=verified.request.source,
                submission=item.submission_id,
                trace_id=trace_id,
                **({"of": outcome.submission_id} if outcome.status == "duplicate" else {}),
                **({"reason": item.reason} if item.reason else {}),
                **({"revision": outcome.revision} if outcome.revision > 1 else {}),
            )
        return outcomes

    async def _keep_unparseable(self, desk: Desk, verified: Verified, trace_id: str, error: Unparseable) -> Response:
        """What cannot be read is kept and shown all the same, once for each body."""
        digest = hashlib.sha256(verified.payload).digest()
        item = NewItem(
            submission_id=new_id(),
            state="failed",
            reason=f"unparseable: {error.detail}",
            dedupe_key=f"unparseable:{digest.hex()}",
            digest=digest,
        )
        (outcome,) = await self._accept(desk, verified, trace_id, [item])
        if desk.preset.on_unparseable == "accept":
            return _accepted_reply({"id": outcome.submission_id, "trace_id": trace_id, "status": "accepted"})
        return problem(
            error.http_status,
            f"The body cannot be read: {error.detail}. It is kept as submission {outcome.submission_id}.",
            id=outcome.submission_id,
            trace_id=trace_id,
        )


def _items(desk: Desk, verified: Verified, parsed: Parsed) -> list[NewItem]:
    if parsed.ignored is not None:
        return [NewItem(submission_id=new_id(), state="ignored", reason=parsed.ignored)]
    several = len(parsed.events) > 1
    items = []
    for event in parsed.events:
        key = desk.dedupe_key(event)
        digest = b"" if key is None else _digest(event) if several else hashlib.sha256(verified.payload).digest()
        items.append(NewItem(submission_id=new_id(), dedupe_key=key, digest=digest))
    return items


def _digest(event: Event) -> bytes:
    """What one of several items says, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(event.raw, sort_keys=True).encode("utf-8", "surrogatepass")).digest()


def _reply(parsed: Parsed, outcomes: tuple[Accepted, ...], trace_id: str) -> Response:
    if parsed.reply is not None:
        return Response(parsed.reply.body, status_code=parsed.reply.status, media_type=parsed.reply.content_type)
    statuses = {outcome.status for outcome in outcomes}
    status = "accepted" if "accepted" in statuses else statuses.pop()
    document: dict[str, object] = {"id": outcomes[0].submission_id, "trace_id": trace_id, "status": status}
    if parsed.ignored is not None:
        document["reason"] = parsed.ignored
    if len(outcomes) > 1:
        document["submissions"] = [{"id": outcome.submission_id, "status": outcome.status} for outcome in outcomes]
    return _accepted_reply(document)


def _accepted_reply(document: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(document), status_code=HTTPStatus.ACCEPTED, media_type="application/json")
