"""Receive: one inbound request is read, proved, parsed, and answered when it is on disk."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send

from leadbridge.clock import Clock
from leadbridge.desk import Desk
from leadbridge.errors import RequestRefused, SignatureError, StorageUnavailable, Unparseable
from leadbridge.events import Received, Reply, Verified
from leadbridge.ids import new_id, new_trace_id
from leadbridge.inbound import Door, Room, read_request, send_reply
from leadbridge.items import items_of, new_request, trace_id_for, unparseable_item
from leadbridge.logs import Logger
from leadbridge.metrics.meters import Meters
from leadbridge.precedence import Precedence
from leadbridge.problems import problem
from leadbridge.replies import not_taken, our_mistake, reply_to, reply_to_unparseable
from leadbridge.schemes import Unsigned
from leadbridge.store.base import Store
from leadbridge.store.values import Accepted, NewItem, NewRequest
from leadbridge.verify import verify

_PREFIX: Final = "/hooks/"
_LONGEST_NAME: Final = 100  # characters of a source's name that are logged
# The state that a submission is stored in, by what becomes of it; an accepted one's is its own.
_STATES: Final = {"duplicate": "duplicate", "ignored": "ignored", "unparseable": "failed"}
MOST_HANDSHAKES_KEPT: Final = 20  # of a source, in the life of the process: anyone may send them
STORAGE_SAID_EVERY: Final = 10.0  # seconds between two log lines about it


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
        stored: Callable[[str], None],
        meters: Meters | None = None,
    ) -> None:
        """`stored` is called with its source after each commit that holds something to fetch or to map."""
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
        self._handshakes_kept: dict[str, int] = {}  # by source

    async def answer(self, source: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to a source (ASGI): 2xx only after its bytes are on disk."""
        try:
            desk = self._desk(source, scope["method"])
            received = await read_request(
                scope, receive, source=desk.name, door=self._door, room=self._room, clock=self._clock
            )
            reply = await self._shake(desk, received) if desk.handshakes else None
            if reply is None:
                _check_method(desk, received.method)
                began = self._clock.monotonic()
                reply = await self._take(desk, received)
                self._meters.accepted(self._clock.monotonic() - began)
        except Exception as error:  # ours too; the sender is told to try again, and the others are served
            reply = self._refused(source, scope, error)
        self._meters.answered(source, reply.status)
        await send_reply(scope, send, reply)

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
                return not_taken()
        self._log.error("request.crashed", path=scope["path"][:_LONGEST_NAME], exc_info=error)
        return our_mistake()

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
        if method != "POST" and all(method != one.method for one in desk.handshakes):
            _check_method(desk, method)
        return desk

    async def _shake(self, desk: Desk, received: Received) -> Reply | None:
        """The answer to a vendor's handshake; None for what is none."""
        answered = desk.handshake(received)
        if answered is None:
            return None
        kind, kept = answered.handshake.kind, answered.handshake.kept
        if kept is not None:
            await self._keep_handshake(desk, received, kept)
        self._log.info("handshake.answered", source=desk.name, kind=kind)
        return answered.reply

    async def _keep_handshake(self, desk: Desk, received: Received, why: str) -> None:
        """What a person has to read is kept, unproved as it is, so only a few of them."""
        if self._handshakes_kept.get(desk.name, 0) >= MOST_HANDSHAKES_KEPT:
            detail = "Too many of these came since the start; leadbridge keeps no more until it is started anew."
            raise RequestRefused(detail, status=HTTPStatus.FORBIDDEN)
        self._handshakes_kept[desk.name] = self._handshakes_kept.get(desk.name, 0) + 1
        item = NewItem(submission_id=new_id(), state="ignored", reason=why)
        verified = verify(Unsigned(), received, now=received.received_at)
        new = NewRequest(
            request_id=new_id(),
            trace_id=new_trace_id(),
            received=verified.request,
            verified_by="none",
            items=[item],
        )
        self._say(new, await self._accept(new))

    async def _take(self, desk: Desk, received: Received) -> Reply:
        try:
            verified = verify(desk.scheme, received, now=received.received_at, secrets_at=desk.secrets_at)
        except SignatureError as error:
            await desk.set_aside(received, error.reason)
            raise
        trace_id = trace_id_for(verified)
        try:
            parsed = desk.parse(verified)
        except Unparseable as error:
            if error.http_status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
                raise
            return await self._keep_unparseable(desk, verified, trace_id, error)
        new = new_request(desk, verified, trace_id, items_of(desk, verified, parsed))
        self._precedence.came()  # not before: slow or unproved senders must not slow down the others' leads
        try:
            outcomes = await self._accept(new)
        finally:
            self._precedence.went()
        self._say(new, outcomes)
        if any(outcome.status == "accepted" for outcome in outcomes):
            self._stored(desk.name)
        return reply_to(parsed, outcomes, trace_id)

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
            state = item.state if outcome.status == "accepted" else _STATES[outcome.status]
            self._meters.submission(request.received.source, state)
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
        item = unparseable_item(verified, error)
        new = new_request(desk, verified, trace_id, [item])
        (outcome,) = outcomes = await self._accept(new)
        self._say(new, outcomes)
        return reply_to_unparseable(desk.preset, error, outcome, trace_id)


def source_in(path: str) -> str | None:
    """The name in `/hooks/NAME`, with or without a slash at its end; None for any other path."""
    if not path.startswith(_PREFIX):
        return None
    name = path[len(_PREFIX) :].removesuffix("/")
    return name if name and "/" not in name else None


def _check_method(desk: Desk, method: str) -> None:
    if method == "POST":
        return
    allowed = sorted({"POST", *(one.method for one in desk.handshakes)})
    detail = "Submissions are sent with POST."
    raise RequestRefused(detail, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})
