"""What the vendor does not give, or gives and takes away, leaves good tokens in use and is said to whom it concerns."""

from typing import Any

import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.sandbox import LeadConnectorSeed
from leadbridge.store.sqlite.tokens import SqliteTokens
from leadbridge.tokens import GrantLost, TokenUnavailable
from tests.tokens.keeping import TO_MEND, TOKEN, stored, works

from .vendors import NAME, Ring, grant


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
