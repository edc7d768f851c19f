"""What holds for a whole Copper account: the probe, the quota, and what leads and people are found by."""

from leadbridge.crm.adapter import Limits
from leadbridge.outcome import Hold, Retry
from tests.crm.copper_account import ADAPTER, Account
from tests.crm.plans import answer
from tests.support.walked import walked


async def test_the_probe_works_while_the_account_does_and_changes_nothing() -> None:
    account, call = Account(), ADAPTER.probe()
    answered = await account.bench.copper(call.method, call.path)
    assert (call.method, call.path, call.safe_to_repeat) == ("GET", "/users/me", True)
    assert ADAPTER.probed(answer(answered.status_code, answered.json())) is None


@walked(
    ("status", "reason"),
    [(401, "bad_credentials"), (403, "missing_scope"), (500, None), (503, None), (429, None), (404, None), (302, None)],
)
def test_a_refused_probe_says_whether_a_person_is_needed(status: int, reason: str | None) -> None:
    said = ADAPTER.probed(answer(status, {"message": "no"}))
    assert (said.reason if isinstance(said, Hold) else None) == reason
    assert isinstance(said, Hold | Retry)
    assert "no" in said.detail or status == 302


def test_a_page_instead_of_the_user_is_no_sign_of_life() -> None:
    assert isinstance(ADAPTER.probed(answer(200, "<html>")), Retry)


def test_copper_tells_nothing_of_its_quota_but_is_heard_should_it_ask_for_time() -> None:
    assert ADAPTER.limits(answer(429, {})) is None
    assert ADAPTER.limits(answer(429, {}, headers={"retry-after": "7"})) == Limits(wait=7.0)


def test_people_are_found_by_a_phone_too_and_keep_every_address() -> None:
    assert (ADAPTER.match_keys_of("lead"), "phone" in ADAPTER.match_keys_of("person")) == (ADAPTER.match_keys, True)
    leads, people = ADAPTER.lead_keys_of("lead"), ADAPTER.lead_keys_of("person")
    merging = ("phone", "phones", "website", "websites", "tags")
    assert all(keys[key].merges for keys in (leads, people) for key in merging)
    assert (leads["email"].merges, people["email"].merges) == (False, True)
    assert (leads["address"].whole, people["address"].whole) == (True, False)
