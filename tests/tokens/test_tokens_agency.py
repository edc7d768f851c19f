"""An agency's grant: one rotating token of the company, and a token for each of its locations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leadbridge.tokens import GrantLost, TokenUnavailable

from .keeping import works
from .vendors import AGENCY, Ring, agency_grant, ring

TOKEN, DERIVED = "/oauth/token", "/oauth/locationToken"


@pytest.fixture
async def agency(tmp_path: Path) -> AsyncIterator[Ring]:
    """A sandbox whose agency has the app, and two of its locations."""
    async with ring(tmp_path) as made:
        made.install(user_type="Company", refresh_token="C1")
        made.install("LOC2", user_type="Company", refresh_token="C1")
        yield made


async def test_each_location_has_a_token_of_its_own_for_the_agencys(agency: Ring) -> None:
    keeper = agency.keeper()
    first, second = await keeper.token(agency_grant("LOC1")), await keeper.token(agency_grant("LOC2"))

    assert await works(agency, first, "LOC1")
    assert await works(agency, second, "LOC2")
    assert not await works(agency, first, "LOC2")
    assert agency.wire.paths == [TOKEN, DERIVED, DERIVED]


async def test_the_locations_token_is_shared_and_survives_a_restart(agency: Ring) -> None:
    token = await agency.keeper().token(agency_grant())
    agency.clock.elapsed += 3600

    assert await agency.keeper().token(agency_grant()) == token
    assert agency.wire.paths == [TOKEN, DERIVED]


async def test_when_both_have_ended_both_are_had_anew(agency: Ring) -> None:
    keeper = agency.keeper()
    before = await keeper.token(agency_grant())
    agency.clock.elapsed += 86_400
    after = await keeper.token(agency_grant())

    assert after != before
    assert await works(agency, after)
    assert agency.wire.paths == [TOKEN, DERIVED] * 2


async def test_a_refused_location_token_costs_no_refresh_of_the_agencys(agency: Ring) -> None:
    keeper = agency.keeper()
    refused = await keeper.token(agency_grant())
    assert await keeper.refresh(agency_grant(), refused=refused) != refused
    assert agency.wire.paths == [TOKEN, DERIVED, DERIVED]


async def test_a_refused_agency_token_is_refreshed_once(agency: Ring) -> None:
    keeper = agency.keeper()
    await keeper.token(agency_grant())
    body = {"statusCode": 401, "message": "Invalid JWT"}
    agency.trouble(action={"kind": "status", "status": 401, "body": body}, path=DERIVED, times=1)

    assert await works(agency, await keeper.token(agency_grant("LOC2")), "LOC2")
    assert agency.wire.paths == [TOKEN, DERIVED, DERIVED, TOKEN, DERIVED]


async def test_an_agency_that_may_not_speak_for_a_location_is_for_a_person(agency: Ring) -> None:
    body = {"statusCode": 403, "message": "The token does not have access to this location."}
    agency.trouble(action={"kind": "status", "status": 403, "body": body}, path=DERIVED, times=1)
    keeper = agency.keeper()
    for _ in range(3):
        with pytest.raises(GrantLost, match="COMP1 has no token for the location LOC1: install the app there"):
            await keeper.token(agency_grant())
    assert agency.wire.paths == [TOKEN, DERIVED]
    agency.clock.elapsed += 10

    assert await works(agency, await keeper.token(agency_grant()))


async def test_trouble_with_one_location_is_none_of_anothers(agency: Ring) -> None:
    agency.trouble(action={"kind": "status", "status": 503}, path=DERIVED, times=1)
    keeper = agency.keeper()
    with pytest.raises(TokenUnavailable):
        await keeper.token(agency_grant("LOC1"))

    assert await works(agency, await keeper.token(agency_grant("LOC2")), "LOC2")


async def test_a_lost_agency_names_the_command_and_works_at_once_when_it_was_run(agency: Ring) -> None:
    keeper = agency.keeper()
    with pytest.raises(GrantLost, match="run `leadbridge connect leadconnector austin`"):
        await keeper.token(agency_grant(seed="spent"))
    agency.install(user_type="Company", refresh_token="C5")
    other = agency.keeper()
    issued = await other._exchange.refresh(agency_grant(), "C5")
    await other.adopt(agency_grant(seed="spent"), issued)  # type: ignore[arg-type]

    assert await works(agency, await keeper.token(agency_grant(seed="spent")))


async def test_a_location_token_that_no_key_opens_is_had_anew(agency: Ring) -> None:
    await agency.keeper().token(agency_grant())
    vault = agency.vault()
    rows = await vault._store.tokens()
    (location,) = [row for row in rows if row.name != AGENCY]
    await vault._store.reseal_token(location.name, b"of another key", version=location.version)
    await vault.close()

    assert await works(agency, await agency.keeper().token(agency_grant()))
