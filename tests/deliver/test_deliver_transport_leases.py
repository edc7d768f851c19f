"""A call that may not go any more when there is a connection for it stays here."""

import time

import pytest

from leadbridge.clock import SystemClock
from leadbridge.deliver.transport import HttpTransport
from leadbridge.outgoing.client import NotOurs
from tests.support.patience import PATIENCE
from tests.support.wire import TRACE_ID, UPSERT, account, crm, http, writing


async def test_whether_a_call_may_go_is_asked_when_there_is_a_connection() -> None:
    """Its process may have stood still while it connected, or waited for another call's connection."""
    asked: list[int] = []
    may_send = [False, True, False, True]

    async with crm(writing(http())) as server:

        def answer() -> bool:
            asked.append(len(server.requests))
            return may_send[len(asked) - 1]

        transport = HttpTransport(deadline=PATIENCE, may_send=answer)
        for number in range(2):
            with pytest.raises(NotOurs) as refused:
                await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
            assert not refused.value.sent
            await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
            assert len(server.requests) == number + 1
        await transport.close()
        assert asked == [0, 0, 1, 1]
        assert server.connections == 1, "one that was not used is used by the next call"


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_time_passes_while_the_machine_sleeps() -> None:
    """By Linux's usual monotonic clock a lease that another has by now would go on."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)
