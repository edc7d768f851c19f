"""Calls to CRMs, counted and timed wherever they come from."""

from collections.abc import Mapping

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.deliver.transport import Transport
from leadbridge.metrics.meters import TOO_MANY, Meters
from leadbridge.outgoing.client import Unanswered


class MeteredTransport:
    """A transport that counts what another one does."""

    def __init__(self, transport: Transport, *, meters: Meters, clock: Clock, adapters: Mapping[str, Adapter]) -> None:
        """`adapters` are by their destination's name."""
        self._transport = transport
        self._meters = meters
        self._clock = clock
        self._destinations = {id(adapter): name for name, adapter in adapters.items()}
        self._adapters = adapters  # kept, so that no other object has one of these ids

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        """Send a call as the other transport does."""
        began, status = self._clock.monotonic(), "none"
        try:
            answer = await self._transport.send(adapter, call, trace_id=trace_id, token=token)
            status = _class_of(answer.status)
        except Unanswered as unanswered:
            status = "none" if unanswered.sent else "not_sent"
            raise
        else:
            return answer
        finally:
            destination = self._destinations.get(id(adapter), "")
            self._meters.called(destination, status, self._clock.monotonic() - began)

    async def close(self) -> None:
        """Close the other transport."""
        await self._transport.close()


def _class_of(status: int) -> str:
    """`2xx` and so on, but for the one that says that we sent too much."""
    return TOO_MANY if status == 429 else f"{status // 100}xx"
