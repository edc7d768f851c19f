"""Asking an account whether it can be used, while something else goes wrong."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Quota
from leadbridge.errors import StorageUnavailable
from leadbridge.store.base import Store
from tests.deliver.lanes import Run, WatchedClock, tries_over
from tests.support.crm import ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import add, new_delivery

WINDOW = 10.0  # seconds


async def test_a_probe_that_cannot_be_written_down_is_not_sent_and_takes_no_place(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def full(*_arguments: Any, **_named: Any) -> int:
        raise StorageUnavailable("the disk is full")

    transport.respond = lambda _call: answer(401)
    await add(store, new_delivery("email:1"), now=clock.now())
    with monkeypatch.context() as patched:
        patched.setattr(store, "record_probe", full)
        deliverer = await run(quota=Quota(limit=2, window=WINDOW))
        await journal.seen("delivery.attempted", outcome="retrying")
    await tries_over()
    await clock.looked(deliverer)  # what is added now waits until it looks again
    assert [call.purpose for call in transport.calls] == ["upsert"]
    transport.respond = lambda _call: answer()
    for number in range(2, 5):
        await add(store, new_delivery(f"email:{number}"), now=clock.now())
    clock.pass_for(deliverer, WINDOW + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    await clock.looked(deliverer)
    assert len(transport.calls) == 1 + 2, "both places of the window"
