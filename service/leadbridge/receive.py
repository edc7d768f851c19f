"""Receive: one inbound request is read, proved, parsed, and answered when it is on disk."""

import hashlib
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from leadbridge.clock import Clock
from leadbridge.desk import Desk
from leadbridge.errors import RequestRefused, SignatureError, StorageUnavailable, Unparseable
from leadbridge.events import Event, Parsed, Received, Reply, Verified
from leadbridge.ids import new_id, new_trace_id, trace_id_of
from leadbridge.inbound import Door, Room, read_request, send_reply
from leadbridge.logs import Logger
from leadbridge.metrics.meters import Meters
from leadbridge.precedence import Precedence
from leadbridge.problems import problem
from leadbridge.store.base import Store
from leadbridge.store.values import Accepted, NewItem, NewRequest
from leadbridge.verify import verify

_PREFIX: Final = "/hooks/"
_LONGEST_NAME: Final = 100  # characters of a source's name that are logged
# The state that a submission is stored in, by what becomes of it.
_STATES: Final = {"accepted": "received", "duplicate": "duplicate", "ignored": "ignored", "unparseable": "failed"}
STORAGE_SAID_EVERY: Final = 10.0  # seconds between two log lines about it
STORAGE_RETRY_AFTER: Final = 10  # seconds, told to senders while nothing can be stored


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
        precedence: Precedence,
        stored: Callable[[], None],
        meters: Meters | None = None,
    ) -> None:
        """`stored` is called after each commit that holds something to map."""
        self._desks = desks
        self._door = door
        self._room = Room(door)
        self._store = store
        self._clock = clock
        self._log = log
        self._precedence = precedence
        self._stored = stored
        self._meters = meters or Meters()
        self._said_unavailable_at: float | None = None

    async def answer(self, source: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to a source (ASGI): 2xx only after its bytes are on disk."""
        try:
            desk = self._desk(source, scope["method"])
            received = await read_request(
                scope, receive, source=desk.name, door=self._door, room=self._room, clock=self._clock
            )
            began = self._clock.monotonic()
            reply = await self._take(desk, received)
            self._meters.accepted(self._clock.monotonic() - began)
        except Exception as error:  # ours too; the sender is told to try again, and the others are served
            reply = self._refused(source, scope, error)
        self._meters.answered(source, reply.status)
        await send_reply(send, reply)

    def _refused(self, name: str, scope: Scope, error: Exception) -> Reply:
        """What is said of an error, in the log and to the sender."""
        name = name[:_LONGEST_NAME]  # of an unknown source it is whatever a stranger wrote
        match error:
            case SignatureError():
                self._meters.refused(name, error.reason)
                self._log.warning("request.refused", source=name, status=int(error.http_status), reason=error.reason)
                return problem(error.http_status, error.detail)
            case RequestRefused():
                self._log.warning("request.refused", source=name, status=int(error.http_status), problem=error.detail)
                return problem(error.http_status, error.detail, headers=error.headers)
            case StorageUnavailable():
                self._say_unavailable(name, error)
                return problem(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "Nothing can be stored at the moment; the request was not taken. Send it again later.",
                    headers={"Retry-After": str(STORAGE_RETRY_AFTER)},
                )
        self._log.error("request.crashed", path=scope["path"][:_LONGEST_NAME], exc_info=error)
        detail = "leadbridge made a mistake; the request was not taken. Send it again later."
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)

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

    async def _take(self, desk: Desk, received: Received) -> Reply:
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
        new = _new_request(desk, verified, trace_id, _items(desk, verified, parsed))
        self._precedence.came()  # not before: slow or unproved senders must not slow down the others' leads
        try:
            outcomes = await self._accept(new)
        finally:
            self._precedence.went()
        self._say(new, outcomes)
        if any(outcome.status == "accepted" for outcome in outcomes):
            self._stored()
        return _reply(parsed, outcomes, trace_id)

    async def _accept(self, new: NewRequest) -> tuple[Accepted, ...]:
        began = self._clock.monotonic()
        try:
            outcomes = await self._store.accept(new)
        except StorageUnavailable:
            self._meters.not_stored("accept")
            raise
        self._meters.stored("accept", self._clock.monotonic() - began)
        return outcomes

    def _say(self, request: NewRequest, outcomes: tuple[Accepted, ...]) -> None:
        """A line for each submission."""
        for outcome, item in zip(outcomes, request.items, strict=True):
            self._meters.submission(request.received.source, _STATES[outcome.status])
            facts: dict[str, object] = {
                "source": request.received.source,
                "submission": item.submission_id,
                "trace_id": request.trace_id,
            }
            if item.reason:
                facts["reason"] = item.reason
            if outcome.revision > 1:
                facts["revision"] = outcome.revision
            match outcome.status:
                case "accepted":
                    self._log.info("submission.accepted", **facts)
                case "duplicate":
                    self._log.info("submission.duplicate", **facts, of=outcome.submission_id)
                case "ignored":
                    self._log.info("submission.ignored", **facts)
                case "unparseable":
                    self._log.info("submission.unparseable", **facts)

    async def _keep_unparseable(self, desk: Desk, verified: Verified, trace_id: str, error: Unparseable) -> Reply:
        """What cannot be read is kept and shown all the same, once for each body and what was said of it."""
        said = verified.request.headers.get("content-type", "").encode("utf-8", "replace")
        digest = hashlib.sha256(said + b"\n" + verified.payload).digest()
        item = NewItem(
            submission_id=new_id(),
            state="failed",
            reason=f"unparseable: {error.detail}",
            dedupe_key=f"unparseable:{digest.hex()}",
            digest=digest,
        )
        new = _new_request(desk, verified, trace_id, [item])
        (outcome,) = outcomes = await self._accept(new)
        self._say(new, outcomes)
        if desk.preset.on_unparseable == "accept":
            return _accepted_reply({"id": outcome.submission_id, "trace_id": trace_id, "status": "accepted"})
        return problem(
            error.http_status,
            f"The body cannot be read: {error.detail}. It is kept as submission {outcome.submission_id}.",
            id=outcome.submission_id,
            trace_id=trace_id,
        )


def source_in(path: str) -> str | None:
    """The name in `/hooks/NAME`, with or without a slash at its end; None for any other path."""
    if not path.startswith(_PREFIX):
        return None
    name = path[len(_PREFIX) :].removesuffix("/")
    return name if name and "/" not in name else None


def _new_request(desk: Desk, verified: Verified, trace_id: str, items: list[NewItem]) -> NewRequest:
    return NewRequest(
        request_id=new_id(),
        trace_id=trace_id,
        received=verified.request,
        verified_by=desk.scheme.scheme,
        items=items,
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


def _reply(parsed: Parsed, outcomes: tuple[Accepted, ...], trace_id: str) -> Reply:
    if parsed.reply is not None:
        return parsed.reply
    statuses = {outcome.status for outcome in outcomes}
    status = "accepted" if "accepted" in statuses else statuses.pop()
    document: dict[str, object] = {"id": outcomes[0].submission_id, "trace_id": trace_id, "status": status}
    if parsed.ignored is not None:
        document["reason"] = parsed.ignored
    if len(outcomes) > 1:
        document["submissions"] = [{"id": outcome.submission_id, "status": outcome.status} for outcome in outcomes]
    return _accepted_reply(document)


def _accepted_reply(document: Mapping[str, object]) -> Reply:
    return Reply(status=HTTPStatus.ACCEPTED, body=orjson.dumps(document))
