"""One process's access tokens: when the vendor is asked, what is on disk, and what each refusal means."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.sandbox import LeadConnectorSeed
from leadbridge.store.sqlite.tokens import SqliteTokens
from leadbridge.tokens import GrantLost, TokenUnavailable
from leadbridge.tokens.vault import Kept

from .vendors import NAME, SECRET, Ring, grant

TOKEN = "/oauth/token"
TO_MEND = "leadbridge connect leadconnector dallas"


async def stored(crm: Ring) -> Kept:
    """What is on disk."""
    vault = crm.vault()
    kept = await vault.kept(NAME)
    await vault.close()
    assert kept is not None
    return kept


async def works(crm: Ring, token: str, location: str = "LOC1") -> bool:
    """Whether the CRM takes an access token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(crm.sandbox.app), base_url="http://crm.test") as client:
        headers = {"authorization": f"Bearer {token}", "version": "2021-07-28"}
        answer = await client.get(
            "/leadconnector/contacts/search/duplicate",
            params={"locationId": location, "email": "a@b.test"},
            headers=headers,
        )
    return answer.status_code == 200


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


async def test_a_spent_refresh_token_is_lost_and_the_vendor_is_asked_once(crm: Ring) -> None:
    keeper = crm.keeper()
    for _ in range(3):
        with pytest.raises(GrantLost, match=r"refresh token is invalid.*run `leadbridge connect leadconnector dallas`"):
            await keeper.token(grant(seed="spent-long-ago"))
        crm.clock.elapsed += 1000
    with pytest.raises(GrantLost, match=TO_MEND):
        await crm.keeper().token(grant(seed="spent-long-ago"))

    assert crm.wire.paths == [TOKEN]
    assert len(crm.journal.find("token.lost", grant=NAME)) == 1
    assert (await stored(crm)).row.lost_at is not None


async def test_a_lost_grant_works_again_after_it_was_connected_by_another_process(crm: Ring) -> None:
    keeper = crm.keeper()
    with pytest.raises(GrantLost):
        await keeper.token(grant(seed="spent"))
    crm.install(refresh_token="R5")
    other = crm.keeper()
    issued: Any = await other._exchange.refresh(grant(), "R5")
    await other.adopt(grant(seed="spent"), issued)

    assert await works(crm, await keeper.token(grant(seed="spent")))


async def test_an_access_token_that_is_still_good_is_used_although_the_grant_is_lost(crm: Ring) -> None:
    keeper, other = crm.keeper(), crm.keeper()
    token = await keeper.token(grant())
    crm.install(refresh_token="R9")  # ends the refresh token of before
    for _ in range(2):
        with pytest.raises(GrantLost):
            await keeper.refresh(grant(), refused=token)
        with pytest.raises(GrantLost):  # it was refused here
            await keeper.token(grant())

    assert await other.token(grant()) == token
    assert crm.wire.paths == [TOKEN, TOKEN]


@pytest.mark.parametrize(
    "action",
    [
        {"kind": "drop", "commit": True},
        {"kind": "drop"},
        {"kind": "status", "status": 500, "commit": True},
        {"kind": "html", "status": 502},
        {"kind": "malformed", "shape": "half"},
        {"kind": "malformed", "shape": "empty"},
        {"kind": "status", "status": 200, "body": {"access_token": ""}},
    ],
    ids=lambda action: f"{action['kind']}-{action.get('status', action.get('shape', action.get('commit')))}",
)
async def test_a_lost_answer_is_asked_for_again_at_once(crm: Ring, action: dict[str, Any]) -> None:
    crm.trouble(action=action, path=TOKEN, times=2)
    token = await crm.keeper().token(grant())

    assert await works(crm, token)
    assert crm.wire.paths == [TOKEN] * 3
    assert crm.clock.elapsed <= 2  # seconds, of the 30 of the vendor's grace


async def test_a_vendor_that_is_down_loses_nothing_and_is_left_alone_for_a_while(crm: Ring) -> None:
    crm.trouble(action={"kind": "status", "status": 503}, path=TOKEN)
    keeper = crm.keeper()
    waits = []
    for _ in range(4):
        with pytest.raises(TokenUnavailable) as raised:
            await keeper.token(grant())
        before = len(crm.wire.paths)
        with pytest.raises(TokenUnavailable):
            await keeper.token(grant())
        assert len(crm.wire.paths) == before  # not even asked
        assert raised.value.after is not None
        waits.append(raised.value.after)
        crm.clock.elapsed += raised.value.after
    crm.sandbox.faults.clear()

    assert waits == [5, 10, 20, 40]
    assert await works(crm, await keeper.token(grant()))
    assert len(crm.journal.find("token.unavailable")) == 4


async def test_what_another_process_has_got_is_used_although_this_one_waits(crm: Ring) -> None:
    crm.trouble(action={"kind": "status", "status": 503}, path=TOKEN, times=3)
    keeper = crm.keeper()
    with pytest.raises(TokenUnavailable):
        await keeper.token(grant())
    crm.clock.elapsed += 13  # the intent of the first is over; its rest is too, but nobody asked it
    crm.trouble(action={"kind": "status", "status": 503}, path=TOKEN, times=3)
    with pytest.raises(TokenUnavailable):
        await keeper.token(grant())
    crm.clock.elapsed += 0.5
    other = crm.keeper()
    token = await other.token(grant())

    asked = len(crm.wire.paths)
    assert await keeper.token(grant()) == token
    assert len(crm.wire.paths) == asked


async def test_a_429_is_waited_out_as_long_as_it_says(crm: Ring) -> None:
    crm.trouble(action={"kind": "status", "status": 429, "headers": {"retry-after": "77"}}, path=TOKEN, times=1)
    with pytest.raises(TokenUnavailable) as raised:
        await crm.keeper().token(grant())

    assert raised.value.after == 77
    assert crm.wire.paths == [TOKEN]  # it is not tried again at once
    assert (await stored(crm)).row.intent_at is None


async def test_a_location_that_is_switched_off_keeps_its_tokens_until_it_is_back(crm: Ring) -> None:
    settings = {"account": "LOC1", "settings": {"active": False}}
    crm.sandbox.seed(LeadConnectorSeed.model_validate(settings))
    keeper = crm.keeper()
    with pytest.raises(TokenUnavailable, match=r"Location is not active.*switched off by its agency") as raised:
        await keeper.token(grant())
    assert raised.value.after == 900
    crm.sandbox.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "settings": {"active": True}}))
    crm.clock.elapsed += 900

    assert await works(crm, await keeper.token(grant()))


async def test_a_wrong_client_secret_is_for_a_person_and_loses_nothing(crm: Ring) -> None:
    wrong = grant(client_secret="another-secret")
    keeper = crm.keeper()
    with pytest.raises(GrantLost, match=r"client credentials are invalid. Mend `oauth.client_id`"):
        await keeper.token(wrong)
    crm.clock.elapsed += 60

    assert await works(crm, await keeper.token(grant()))
    assert crm.journal.find("token.lost") == []


@pytest.mark.parametrize(("status", "message"), [(400, "What?"), (401, "Unauthorized"), (403, "No"), (422, ["no"])])
async def test_a_refusal_that_nobody_knows_loses_nothing(crm: Ring, status: int, message: Any) -> None:
    body = {"statusCode": status, "message": message}
    crm.trouble(action={"kind": "status", "status": status, "body": body}, path=TOKEN, times=1)
    keeper = crm.keeper()
    with pytest.raises(TokenUnavailable, match=f"answered {status}") as raised:
        await keeper.token(grant())
    assert raised.value.after == 300
    crm.clock.elapsed += 300

    assert await works(crm, await keeper.token(grant()))


async def test_an_answer_that_cannot_be_stored_is_not_used_and_is_stored_when_that_works_again(
    crm: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = crm.keeper()
    await keeper.token(grant())
    crm.clock.elapsed += 90_000
    put, full = SqliteTokens.put_token, True

    async def put_when_there_is_room(self: SqliteTokens, *arguments: Any, **options: Any) -> bool:
        if full:
            raise StorageUnavailable("the disk is full")
        return await put(self, *arguments, **options)

    monkeypatch.setattr(SqliteTokens, "put_token", put_when_there_is_room)
    for _ in range(2):
        with pytest.raises(TokenUnavailable, match="the disk is full"):
            await keeper.token(grant())
    crm.clock.elapsed += 3600  # long beyond the grace
    full = False

    assert await works(crm, await keeper.token(grant()))
    assert crm.wire.paths == [TOKEN, TOKEN]


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
