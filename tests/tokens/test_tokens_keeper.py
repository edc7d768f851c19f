"""One process's access tokens: when the vendor is asked, what is on disk, and what each refusal means."""

import asyncio
import re
from typing import Any

import pytest

from leadbridge.tokens import GrantLost, TokenUnavailable
from tests.tokens.keeping import TO_MEND, TOKEN, stored, works

from .vendors import NAME, SECRET, Ring, grant


async def test_the_first_token_comes_of_the_configurations_refresh_token(crm: Ring) -> None:
    token = await crm.keeper().token(grant())

    assert await works(crm, token)
    assert (await stored(crm)).tokens.access_token == token
    assert [line["event"] for line in crm.journal.lines] == ["token.seeded", "token.refreshed"]


async def test_a_token_is_used_until_60_seconds_before_its_end(crm: Ring) -> None:
    keeper = crm.keeper()
    first = await keeper.token(grant())
    crm.clock.elapsed += 86_399 - 60.1
    assert await keeper.token(grant()) == first
    assert crm.wire.paths == [TOKEN]
    crm.clock.elapsed += 0.2

    assert await keeper.token(grant()) != first
    assert crm.wire.paths == [TOKEN, TOKEN]


async def test_a_token_that_lives_shorter_than_that_is_used_for_half_its_life(crm: Ring) -> None:
    crm.sandbox.change_options({"leadconnector": {"access_token_life": 40}})
    keeper = crm.keeper()
    first = await keeper.token(grant())
    crm.clock.elapsed += 19
    assert await keeper.token(grant()) == first
    crm.clock.elapsed += 1.5

    assert await keeper.token(grant()) != first


async def test_a_restart_goes_on_with_what_is_stored_and_not_with_the_spent_seed(crm: Ring) -> None:
    first = await crm.keeper().token(grant())
    crm.clock.elapsed += 3600
    assert await crm.keeper().token(grant()) == first
    crm.clock.elapsed += 86_399

    assert await works(crm, await crm.keeper().token(grant()))


async def test_all_who_ask_at_once_share_one_refresh(crm: Ring) -> None:
    keeper = crm.keeper()
    tokens = await asyncio.gather(*(keeper.token(grant()) for _ in range(20)))

    assert len(set(tokens)) == 1
    assert crm.wire.paths == [TOKEN]


async def test_who_gives_up_waiting_does_not_stop_the_refresh_of_the_others(crm: Ring) -> None:
    keeper = crm.keeper()
    impatient = asyncio.create_task(keeper.token(grant()))
    await asyncio.sleep(0)
    patient = asyncio.create_task(keeper.token(grant()))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await works(crm, await patient)
    assert crm.wire.paths == [TOKEN]


async def test_a_refused_token_is_replaced_once_for_all_who_hold_it(crm: Ring) -> None:
    keeper, other = crm.keeper(), crm.keeper()
    refused = await keeper.token(grant())
    assert await other.token(grant()) == refused
    crm.clock.elapsed += 60
    first = await keeper.refresh(grant(), refused=refused)

    assert first != refused
    assert await keeper.refresh(grant(), refused=refused) == first
    assert await other.refresh(grant(), refused=refused) == first
    assert crm.wire.paths == [TOKEN, TOKEN]


async def test_who_asks_while_a_refresh_gives_the_token_that_it_saw_refused_asks_again(crm: Ring) -> None:
    keeper = crm.keeper()
    refused = await crm.keeper().token(grant())
    reading = asyncio.create_task(keeper.token(grant()))  # finds it on disk, where it is good
    for _ in range(3):
        await asyncio.sleep(0)
    replaced = await keeper.refresh(grant(), refused=refused)

    assert await reading == refused
    assert replaced != refused
    assert await keeper.token(grant()) == replaced


async def test_a_new_refresh_token_in_the_configuration_is_taken_once(crm: Ring) -> None:
    await crm.keeper().token(grant())
    crm.install(refresh_token="R2")
    crm.clock.elapsed += 40
    new, old = crm.keeper(), crm.keeper()
    second = await new.token(grant(seed="R2"))

    assert await works(crm, second)
    # A process that still has the configuration from before does not bring its spent one back.
    assert await old.token(grant(seed="R1")) == second
    assert await new.token(grant(seed="R2")) == second
    assert len(crm.wire.paths) == 2


async def test_a_dead_new_refresh_token_in_the_configuration_leaves_the_good_stored_ones_in_use(crm: Ring) -> None:
    first = await crm.keeper().token(grant())
    crm.clock.elapsed += 40
    restarted = crm.keeper()

    assert await restarted.token(grant(seed="spent-long-ago")) == first
    (refused,) = crm.journal.find("token.seed_refused", grant=NAME, for_good=True)
    assert "refresh token is invalid" in refused["detail"]
    crm.clock.elapsed += 90_000
    assert await works(crm, await restarted.token(grant(seed="spent-long-ago")))
    crm.clock.elapsed += 90_000
    assert await works(crm, await crm.keeper().token(grant(seed="spent-long-ago")))
    assert crm.wire.paths == [TOKEN] * 4, "it was tried once"
    assert crm.journal.find("token.lost") == []


async def test_when_the_new_and_the_stored_refresh_token_are_refused_it_says_so_of_each(crm: Ring) -> None:
    await crm.keeper().token(grant())
    crm.install(refresh_token="R9")  # ends the refresh token of before
    crm.clock.elapsed += 90_000
    both = (
        r"invalid\S*, of the stored refresh token; and of the new `oauth.refresh_token` of the configuration: .*invalid"
    )
    for keeper in (crm.keeper(), crm.keeper()):
        with pytest.raises(GrantLost, match=f"{both}.*{TO_MEND}"):
            await keeper.token(grant(seed="spent-long-ago"))

    (lost,) = crm.journal.find("token.lost")
    assert re.search(both, lost["detail"])
    assert crm.wire.paths == [TOKEN] * 3


@pytest.mark.parametrize(
    ("action", "calls"),
    [
        ({"kind": "status", "status": 503}, 3),
        ({"kind": "status", "status": 429}, 1),
        ({"kind": "status", "status": 403, "body": {"message": "No"}}, 1),
    ],
    ids=["down", "busy", "refused by nobody knows what"],
)
async def test_a_new_refresh_token_that_cannot_be_tried_now_is_tried_again_and_the_stored_ones_are_used_meanwhile(
    crm: Ring, action: dict[str, Any], calls: int
) -> None:
    first = await crm.keeper().token(grant())
    crm.install(refresh_token="R2")
    crm.clock.elapsed += 40
    crm.trouble(action=action, path=TOKEN, times=calls)
    keeper = crm.keeper()

    assert await keeper.token(grant(seed="R2")) == first
    assert await keeper.token(grant(seed="R2")) == first
    assert len(crm.wire.paths) == 1 + calls
    assert len(crm.journal.find("token.seed_refused", for_good=False)) == 1
    crm.clock.elapsed += 90_000
    assert await works(crm, await keeper.token(grant(seed="R2")))
    assert len(crm.wire.paths) == 2 + calls
    assert crm.journal.find("token.lost") == []


async def test_a_lost_grant_goes_on_with_a_new_refresh_token_of_the_configuration(crm: Ring) -> None:
    keeper = crm.keeper()
    with pytest.raises(GrantLost):
        await keeper.token(grant(seed="spent-long-ago"))
    crm.install(refresh_token="R5")

    assert await works(crm, await crm.keeper().token(grant(seed="R5")))


async def test_a_configuration_that_changes_in_the_running_process_is_heard(crm: Ring) -> None:
    keeper = crm.keeper()
    first = await keeper.token(grant())
    crm.install(refresh_token="R2")

    assert await keeper.token(grant(seed="R2")) != first


async def test_without_a_refresh_token_it_says_which_command_gets_one(crm: Ring) -> None:
    with pytest.raises(GrantLost, match="not connected yet: run `leadbridge connect leadconnector dallas`"):
        await crm.keeper().token(grant(seed=None))
    assert crm.wire.paths == []


async def test_a_refresh_under_way_at_the_end_is_stored(crm: Ring) -> None:
    keeper = crm.keeper()
    asking = asyncio.create_task(keeper.token(grant()))
    await asyncio.sleep(0)
    asking.cancel()
    crm.keepers.remove(keeper)
    await keeper.close()

    assert await works(crm, (await stored(crm)).tokens.access_token)


async def test_nothing_secret_is_in_logs_errors_or_representations(crm: Ring, tmp_path: Any) -> None:
    keeper = crm.keeper()
    secrets = {SECRET, "R1", await keeper.token(grant())}
    kept = await stored(crm)
    assert kept.tokens.refresh_token is not None
    secrets.add(kept.tokens.refresh_token)
    echo = {"statusCode": 400, "message": f"no {kept.tokens.refresh_token} of {SECRET}"}
    crm.trouble(action={"kind": "status", "status": 400, "body": echo}, path=TOKEN)
    with pytest.raises(TokenUnavailable, match="•••") as raised:
        await keeper.refresh(grant(), refused=kept.tokens.access_token)
    shown = " ".join([str(raised.value), repr(kept), repr(grant()), repr(keeper), repr(crm.journal.lines)])
    content = (tmp_path / "leadbridge.db").read_bytes() + (tmp_path / "leadbridge.db-wal").read_bytes()

    for secret in secrets - {"R1"}:
        assert secret not in shown
        assert secret.encode() not in content
