"""A grant under which nothing is called for long: it is refreshed before the vendor ends it."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from leadbridge.app import Service
from leadbridge.crm.adapter import Grant
from leadbridge.errors import GrantLost
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from leadbridge.tokens import TokenKeeper
from leadbridge.tokens.keeper import LOOK
from tests.support.clock import ManualClock
from tests.support.crm import ScriptedTransport, answer

from .places import CONFIG, ENVIRON
from .vendors import NAME, Ring, agency_grant, grant

TOKEN = "/oauth/token"


async def days(crm: Ring, count: int, *grants: Grant, keeper: TokenKeeper | None = None) -> None:
    """A service that calls nothing runs for so many days."""
    left = count

    async def pause(seconds: float) -> None:
        nonlocal left
        crm.clock.elapsed += seconds
        left -= seconds == LOOK
        if left == 0:
            raise asyncio.CancelledError

    crm.clock.pause = pause  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await (keeper or crm.keeper()).keep_alive(grants)


async def test_a_grant_that_nothing_uses_is_refreshed_each_month(crm: Ring) -> None:
    await crm.keeper().token(grant())
    await days(crm, 31, grant())  # it looks on the days 0 to 30
    assert crm.wire.paths == [TOKEN]
    await days(crm, 400, grant(), grant())  # two destinations that share it; until day 430
    assert crm.wire.paths == [TOKEN] * (1 + 430 // 31)
    assert len(crm.journal.find("token.refreshed")) == 1 + 430 // 31


async def test_a_restart_in_between_does_not_put_it_off(crm: Ring) -> None:
    await crm.keeper().token(grant())
    for _ in range(3):
        await days(crm, 11, grant())
    assert crm.wire.paths == [TOKEN] * 2


async def test_nothing_is_asked_for_what_is_not_connected_or_lost(crm: Ring) -> None:
    with pytest.raises(GrantLost):
        await crm.keeper().token(grant(seed="spent-long-ago"))
    asked = len(crm.wire.paths)
    await days(crm, 100, grant(seed="spent-long-ago"), grant(location="LOC2", seed=None))
    assert len(crm.wire.paths) == asked


async def test_what_cannot_be_refreshed_today_is_tried_tomorrow_and_keeps_no_other_waiting(crm: Ring) -> None:
    crm.install("LOC2", refresh_token="S1")
    other = grant(location="LOC2", seed="S1")
    keeper = crm.keeper()
    for one in (grant(), other):
        await keeper.token(one)
    crm.trouble(action={"kind": "status", "status": 429}, path=TOKEN, times=1)
    await days(crm, 32, grant(), other, keeper=keeper)  # the last look is on day 31
    assert [line["grant"] for line in crm.journal.find("token.unavailable")] == [NAME]
    assert [line["grant"] for line in crm.journal.find("token.refreshed")[2:]] == [other.name]
    await days(crm, 1, grant(), other, keeper=keeper)
    assert [line["grant"] for line in crm.journal.find("token.refreshed")[3:]] == [NAME]


async def test_of_an_agency_its_own_token_is_refreshed(crm: Ring) -> None:
    crm.install(refresh_token="C1", user_type="Company")
    await crm.keeper().token(agency_grant())
    asked = len(crm.wire.paths)
    await days(crm, 40, agency_grant(), agency_grant("LOC2"))
    assert crm.wire.paths[asked:] == [TOKEN]


class Keeper:
    """Says whom it looks after, until it is cancelled."""

    def __init__(self) -> None:
        self.names = asyncio.get_running_loop().create_future()
        self.ended = False

    async def keep_alive(self, grants: Iterable[Grant]) -> None:
        self.names.set_result([one.name.rpartition(":")[2] for one in grants])
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True

    async def close(self) -> None:
        assert self.ended, "nothing asks for tokens after the end"


async def test_the_service_looks_after_the_grants_of_its_destinations_while_it_runs(
    store: Store, clock: ManualClock
) -> None:
    keeper: Any = Keeper()
    loaded = load_text(CONFIG.format(crm="http://127.0.0.1:1"), "site.yaml", ENVIRON)
    service = Service(loaded, store, clock=clock, transport=ScriptedTransport(lambda _: answer()), tokens=keeper)
    await service.start()
    async with asyncio.timeout(30):
        assert await keeper.names == ["LOC1", "LOC2", "COMP1"]
    await service.stop()
    assert keeper.ended
