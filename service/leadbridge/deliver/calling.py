"""One call on its way: its token, its place in the quota, and what its end says of the account."""

from dataclasses import dataclass
from typing import Final, Protocol

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Answer, Call, Grant, Limits
from leadbridge.deliver.governor import Sent
from leadbridge.deliver.places import Places
from leadbridge.deliver.standing import Standing
from leadbridge.deliver.tenure import GivenUp
from leadbridge.deliver.transport import Transport
from leadbridge.errors import GrantLost, TokenUnavailable
from leadbridge.logs import Logger
from leadbridge.outcome import Hold, Retry
from leadbridge.outgoing.client import NotOurs, Unanswered
from leadbridge.record import CallEnd
from leadbridge.supervise import words_of

LANE_IN_DOUBT: Final = "not sent: the lease of this process could not be renewed, and another may send for it soon"
GIVEN_UP: Final = "given up before an answer: the lease of this process ran out, and another may send for it now"


class Tokens(Protocol):
    """Gives access tokens; both raise `GrantLost` or `TokenUnavailable`."""

    async def token(self, grant: Grant) -> str:
        """A token that is good now."""

    async def refresh(self, grant: Grant, *, refused: str) -> str:
        """Another one in the place of one that the CRM refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call and its end. With an `obstacle` nothing was sent, for lack of a token; `token` is the one it went with."""

    end: CallEnd
    answer: Answer | None = None
    limits: Limits | None = None
    token: str | None = None
    obstacle: Retry | Hold | None = None


@dataclass(slots=True)
class _Trip:
    """A call as far as it came. `sent` is False while it certainly did not reach the CRM."""

    started: float  # monotonic seconds
    place: Sent | None = None
    sent: bool = False
    answer: Answer | None = None
    token: str | None = None
    error: str | None = None
    obstacle: Retry | Hold | None = None


class Caller:
    """Sends the calls of a lane, each with a place that is taken already, and frees the place."""

    def __init__(
        self, lane: str, *, transport: Transport, places: Places, standing: Standing, tokens: Tokens | None,
        clock: Clock, log: Logger,
    ) -> None:  # fmt: skip
        self._lane = lane
        self._transport = transport
        self._places = places
        self._standing = standing
        self._tokens = tokens
        self._clock = clock
        self._log = log
        self.under_way = 0  # calls that may have been sent, and have no answer yet

    async def send(
        self, adapter: Adapter, call: Call, *, attempt_id: int, trace_id: str, delivery_id: str | None
    ) -> Exchange:
        """Send a call whose attempt is on disk; never raises, whatever the adapter or the transport do."""
        trip = _Trip(self._clock.monotonic())
        await self._make(trip, adapter, call, trace_id=trace_id, delivery_id=delivery_id)
        ended, limits, crm_trace_id = self._clock.monotonic(), None, None
        try:
            if trip.answer is not None:
                limits = adapter.limits(trip.answer)
                crm_trace_id = adapter.crm_trace_id(trip.answer)
        except Exception as crash:  # an adapter may be anyone's: the call was made all the same
            self._log.exception("adapter.crashed", lane=self._lane, destination=adapter.crm)
            trip.error = words_of(crash)
        self._free_the_place(trip, limits)
        return Exchange(
            end=CallEnd(
                attempt_id=attempt_id,
                purpose=call.purpose,
                started=trip.started,
                ended=ended,
                status=None if trip.answer is None else trip.answer.status,
                crm_trace_id=crm_trace_id,
                response=None if trip.answer is None else trip.answer.text,
                error=trip.error,
                sent=trip.sent,
            ),
            answer=trip.answer,
            limits=limits,
            token=trip.token,
            obstacle=trip.obstacle,
        )

    async def renew(self, grant: Grant, *, refused: str) -> Retry | Hold | None:
        """Have another token in the place of one that was refused; why not, if so."""
        try:
            if self._tokens is not None:
                await self._tokens.refresh(grant, refused=refused)
        except GrantLost as lost:
            return Hold(reason="reconnect", detail=lost.detail)
        except TokenUnavailable as missing:
            return Retry(detail=missing.detail, after=missing.after)
        return None

    async def _make(
        self, trip: "_Trip", adapter: Adapter, call: Call, *, trace_id: str, delivery_id: str | None
    ) -> None:
        try:
            if adapter.grant is not None:
                trip.token = await self._token(adapter.grant)
                trip.started = self._clock.monotonic()
            trip.answer = await self._send(trip, adapter, call, trace_id=trace_id)
            self._heard(trip.answer, delivery_id)
        except NotOurs:
            trip.error, trip.sent, trip.obstacle = LANE_IN_DOUBT, False, Retry(detail=LANE_IN_DOUBT)
        except GivenUp:  # the CRM may be as well as ever
            trip.error = GIVEN_UP
        except Unanswered as unanswered:
            trip.error, trip.sent = unanswered.why, unanswered.sent
            self._standing.failed(delivery_id, unanswered.why)
        except GrantLost as lost:
            trip.error, trip.obstacle = lost.detail, Hold(reason="reconnect", detail=lost.detail)
        except TokenUnavailable as missing:
            trip.error, trip.obstacle = missing.detail, Retry(detail=missing.detail, after=missing.after)
            self._standing.failed(delivery_id, missing.detail)  # the whole account is without: no try for each delivery
        except Exception as crash:  # the adapter's headers, or the transport: it may have been sent
            self._log.exception("delivery.crashed", lane=self._lane, delivery=delivery_id)
            trip.error = words_of(crash)

    async def _send(self, trip: "_Trip", adapter: Adapter, call: Call, *, trace_id: str) -> Answer:
        if not self._standing.is_ours:  # since the token was asked for, perhaps
            raise NotOurs
        trip.place, trip.sent = self._places.sent(), True
        self.under_way += 1
        try:
            async with self._standing.tenure.call():
                return await self._transport.send(adapter, call, trace_id=trace_id, token=trip.token)
        finally:
            self.under_way -= 1

    async def _token(self, grant: Grant) -> str:
        if self._tokens is None:
            raise TokenUnavailable("no access token can be had: the service was started without a keeper of tokens")
        return await self._tokens.token(grant)

    def _heard(self, answer: Answer, delivery_id: str | None) -> None:
        """What an answer says of the CRM as a whole; that it asks for quiet (429) says neither."""
        if answer.status == 408 or answer.status >= 500:
            self._standing.failed(delivery_id, f"HTTP {answer.status}")
        elif answer.status != 429:
            self._standing.worked()

    def _free_the_place(self, trip: "_Trip", limits: Limits | None) -> None:
        if trip.place is None:
            self._places.give_back(1)
        elif trip.answer is not None:
            self._places.answered(limits, sent=trip.place)
        elif trip.sent:
            self._places.unanswered(sent=trip.place)
        else:
            self._places.withdrawn()
