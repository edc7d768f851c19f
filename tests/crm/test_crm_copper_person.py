"""Copper people against the emulated Copper: found, updated or made, and nobody twice."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Done
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.plan import Plan
from tests.crm.copper_account import ADAPTER, Account
from tests.crm.plans import answer
from tests.support.walked import walked

LOOK, UPDATE, CREATE = "look up person", "update person", "create person"
EMAIL = {"by": "email", "value": "ann@example.test"}
PHONE = {"by": "phone", "value": "+14155550123"}
ANN = {"name": "Ann Lee", "email": "ann@example.test"}
OLD = {"date_created": 1_500_000_000, "date_modified": 1_600_000_000}


def person(lead: dict[str, Json] | None = None, match: Json = EMAIL, **more: Json) -> dict[str, Json]:
    return {"record": "person", "lead": ANN if lead is None else lead, "match": match, **more}


def known(person_id: int = 7, email: str | None = "ann@example.test", **more: Json) -> dict[str, Json]:
    emails = [{"email": email, "category": "work"}] if email else []
    return {"id": person_id, "name": "Ann Lee", "emails": emails, **OLD, **more}


def delivered(outcome: object) -> Delivered:
    assert isinstance(outcome, Delivered), outcome
    return outcome


async def test_a_new_person_takes_two_calls_and_gets_everything() -> None:
    account = Account()
    lead = {**ANN, "phones": ["+14155550123"], "title": "CTO", "message": "Call me", "owner": "Ann Sales",
            "website": "lee.example", "tags": ["web"], "address": {"city": "Bonn"}}  # fmt: skip
    came = delivered(await account.deliver(person(lead, custom_fields={"Budget": 5})))

    assert (came.created, came.warnings) == (True, ())
    assert account.calls == ["read custom fields", "read users", LOOK, CREATE]
    (made,) = await account.holds("people")
    assert made["emails"] == [{"email": "ann@example.test", "category": "work"}]
    assert made["phone_numbers"] == [{"number": "+14155550123", "category": "mobile"}]
    assert (made["name"], made["title"], made["details"], made["tags"]) == ("Ann Lee", "CTO", "Call me", ["web"])
    assert (made["assignee_id"], made["address"]["city"]) == (159258, "Bonn")


async def test_a_person_who_is_there_is_updated_in_two_calls_and_loses_nothing() -> None:
    account = Account()
    there = known(
        phone_numbers=[{"number": "(030) 123", "category": "home"}],
        tags=["vip"],
        websites=[{"url": "https://lee.example", "category": "work"}],
        address={"street": "1 Main St", "city": "Paris"},
        title="CEO",
    )
    await account.seed(people=[there])
    lead = {"email": "ANN@example.test", "emails": ["a2@example.test"], "phone": "+14155550123",
            "website": "lee.example", "tags": ["web"], "address": {"city": "Bonn"}}  # fmt: skip
    came = delivered(await account.deliver(person(lead)))

    assert (came.record_id, came.created, came.warnings, account.calls) == ("7", False, (), [LOOK, UPDATE])
    (now,) = await account.holds("people")
    assert [entry["email"] for entry in now["emails"]] == ["ann@example.test", "a2@example.test"]
    assert [entry["number"] for entry in now["phone_numbers"]] == ["(030) 123", "+14155550123"]
    assert (now["tags"], now["websites"], now["title"]) == (["vip", "web"], there["websites"], "CEO")
    assert (now["address"]["street"], now["address"]["city"]) == ("1 Main St", "Bonn")


async def test_where_the_fetch_finds_nobody_any_more_the_refused_create_leads_back_to_the_update() -> None:
    account = Account({"fetch_by_email": "misses"})
    await account.seed(people=[known(tags=["vip"])])
    came = delivered(await account.deliver(person({**ANN, "tags": ["web"], "title": "CTO"})))

    assert (came.record_id, came.created) == ("7", False)
    assert account.calls == [LOOK, CREATE, "find who has the e-mail", UPDATE, "add to lists"]
    (now,) = await account.holds("people")
    assert (now["tags"], now["title"]) == (["vip", "web"], "CTO")


async def test_whoever_was_quicker_is_updated_though_no_search_shows_her_yet() -> None:
    account = Account({"person_email_taken": "nope"})

    async def quicker(call: Call) -> None:
        if call.purpose == CREATE:
            await account.bench.copper("POST", "/people", {"name": "A. Lee", "emails": [
                {"email": "ann@example.test", "category": "work"}], "tags": ["theirs"]})  # fmt: skip

    account.before = quicker
    came = delivered(await account.deliver(person({**ANN, "tags": ["ours"]})))
    assert account.calls == [LOOK, CREATE, "find who has the e-mail", "look up person again", UPDATE]
    (now,) = await account.holds("people")
    assert (now["name"], now["tags"], came.created) == ("Ann Lee", ["theirs", "ours"], False)


async def test_an_address_that_is_taken_by_someone_not_to_be_seen_yet_is_tried_again() -> None:
    account = Account({"fetch_by_email": "misses", "search_lag": 50})
    first = delivered(await account.deliver(person()))
    second = delivered(await account.deliver(person({**ANN, "title": "CTO"})))

    assert (second.record_id, second.created) == (first.record_id, False)
    assert len(await account.holds("people")) == 1
    assert account.calls.count(CREATE) == 2  # each was refused, so neither doubled anybody


async def test_a_refused_create_that_nobody_stands_behind_fails_in_coppers_words() -> None:
    steps = {LOOK: missed(), CREATE: refused("Invalid input: Name is odd"), "find who has the e-mail": answer(200, [])}
    step = ADAPTER.next(plan(), {**steps, "look up person again": missed()})
    assert step == Done(outcome=Fail(detail="Copper answered 422: Invalid input: Name is odd"))


async def test_another_persons_address_is_for_a_person_to_decide() -> None:
    account = Account()
    await account.seed(people=[known(9, "two@example.test")])
    came = await account.deliver(person({**ANN, "emails": ["two@example.test"]}))

    assert isinstance(came, Hold)
    assert (came.reason, [one.record_id for one in came.candidates]) == ("ambiguous_match", ["9"])
    assert len(await account.holds("people")) == 1


async def test_an_update_goes_on_without_an_address_that_another_person_has() -> None:
    account = Account()
    await account.seed(people=[known(), known(9, "two@example.test")])
    came = delivered(await account.deliver(person({**ANN, "emails": ["two@example.test"], "tags": ["web"]})))

    assert account.calls == [LOOK, UPDATE, "update person without e-mails"]
    assert [warning.field for warning in came.warnings] == ["email"]
    assert [one["tags"] for one in await account.holds("people")] == [["web"], []]


@pytest.mark.parametrize(
    "match", [PHONE, {"by": "name", "value": "Ann Lee"}, {"by": "custom", "field": "Plan", "value": "Growth"}]
)
async def test_by_other_keys_nobody_is_made_before_a_search_must_show_her(match: dict[str, Json]) -> None:
    account = Account({"search_lag": 55})
    plan = person({"name": "Ann Lee", "phone": "+14155550123"}, match, custom_fields={"Plan": "Growth"})
    first = delivered(await account.deliver(plan))
    assert (first.created, account.calls.count(CREATE)) == (True, 1)
    second = delivered(await account.deliver(plan))

    assert (second.record_id, second.created) == (first.record_id, False)
    assert len(await account.holds("people")) == 1


async def test_a_tag_of_a_minute_ago_that_the_search_does_not_show_survives() -> None:
    account = Account({"search_lag": 55})
    await account.seed(people=[known(email=None, phone_numbers=[{"number": "(415) 555-0123", "category": "home"}])])
    for tag in ("one", "two"):
        plan = person({"phone": "+14155550123", "title": tag, "tags": [tag]}, PHONE)
        delivered(await account.deliver(plan))
    (now,) = await account.holds("people")
    assert (now["tags"], now["title"], len(now["phone_numbers"])) == (["one", "two"], "two", 1)


async def test_a_text_field_finds_nobody_and_is_held() -> None:
    came = await Account().deliver(person(match={"by": "custom", "field": "External ID", "value": "F-1"}))
    assert isinstance(came, Hold)
    assert came.reason == "no_match_key"


@pytest.mark.parametrize(("on_many", "record"), [("oldest", "9"), ("newest", "8"), ("hold", None)])
async def test_several_people_that_fit(on_many: str, record: str | None) -> None:
    account = Account()
    phones = [{"number": "+14155550123", "category": "work"}]
    older = {"date_created": 1_400_000_000}
    await account.seed(people=[known(8, None, phone_numbers=phones), {**known(9, None, phone_numbers=phones), **older}])
    came = await account.deliver(person({"title": "CTO"}, PHONE, on_many=on_many))
    if record is None:
        assert isinstance(came, Hold)
        assert [one.record_id for one in came.candidates] == ["9", "8"]
    else:
        assert delivered(came).record_id == record


@pytest.mark.parametrize("match", [EMAIL, PHONE, None])
@pytest.mark.parametrize("switches", [{}, {"fetch_by_email": "misses"}])
async def test_a_create_whose_answer_was_lost_is_looked_for_first(match: Json, switches: dict[str, Json]) -> None:
    account = Account({"search_lag": 55, **switches})
    lead = {"name": "Ann Lee", "phone": "+14155550123", **({"email": "ann@example.test"} if match == EMAIL else {})}
    came = delivered(await account.deliver(person(lead, match), lose=[CREATE]))

    assert (came.created, account.calls.count(CREATE)) == (True, 1)
    assert len(await account.holds("people")) == 1


async def test_a_create_that_was_not_done_is_made_after_the_look() -> None:
    account = Account()
    progress = {"unsure": {CREATE: account.bench.clock.now() - 90_000}}
    came = delivered(await account.deliver(person({"name": "Ann Lee"}, None, progress=progress)))
    assert (account.calls, came.created) == (["look for the person", CREATE], True)


async def test_a_note_that_fails_after_the_create_never_makes_another_person() -> None:
    account = Account({"search_lag": 55})
    came = delivered(await account.deliver(person({"name": "Ann Lee"}, PHONE, note="Hello"), lose=["add note"]))
    assert (came.created, account.calls.count(CREATE), account.calls.count("add note")) == (True, 1, 1)
    assert (len(await account.holds("people")), len(await account.holds("activities"))) == (1, 1)


RULES: list[tuple[dict[str, Json], dict[str, Json], dict[str, Json]]] = [
    ({"title": "if_empty"}, {"title": "CEO"}, {"title": "CEO"}),
    ({"title": "if_empty"}, {}, {"title": "CTO"}),
    ({"title": "on_create"}, {}, {"title": None}),
    ({"title": "never"}, {}, {"title": None}),
    ({"tags": "if_empty"}, {"tags": ["vip"]}, {"tags": ["vip"]}),
    ({"tags": "on_create"}, {}, {"tags": []}),
    ({"tags": "always"}, {"tags": ["vip"]}, {"tags": ["web"]}),
    (
        {"custom:Budget": "if_empty"},
        {"custom_fields": [{"custom_field_definition_id": 100765, "value": 1}]},
        {"Budget": 1},
    ),
    ({"custom:Budget": "if_empty"}, {}, {"Budget": 5}),
    ({"name": "if_empty"}, {"name": "A. Lee"}, {"name": "A. Lee"}),
    ({"address": "if_empty"}, {"address": {"city": "Paris"}}, {"city": "Paris"}),
    ({}, {"name": "A. Lee", "address": {"city": "Paris"}}, {"name": "Ann Lee", "city": "Bonn"}),
]


@walked(("rules", "there", "then"), RULES)
async def test_write_rules_on_a_person_who_is_there(
    rules: dict[str, Json], there: dict[str, Json], then: dict[str, Json]
) -> None:
    account = Account()
    await account.seed(people=[known(**there)])
    lead = {**ANN, "title": "CTO", "tags": ["web"], "address": {"city": "Bonn"}}
    delivered(await account.deliver(person(lead, custom_fields={"Budget": 5}, write=rules)))

    (now,) = await account.holds("people")
    fields = {entry["custom_field_definition_id"]: entry["value"] for entry in now["custom_fields"]}
    shown = {**now, "city": now["address"]["city"], "Budget": fields[100765]}
    assert {key: shown[key] for key in then} == then
    assert len(account.calls) == 3


async def test_a_new_person_gets_what_is_for_new_ones_and_a_name_by_any_rule() -> None:
    account = Account()
    rules = {"name": "on_create", "title": "on_create", "tags": "if_empty", "message": "never", "email": "on_create"}
    lead = {**ANN, "title": "CTO", "tags": ["web"], "message": "Hello"}
    delivered(await account.deliver(person(lead, write=rules)))
    (made,) = await account.holds("people")
    assert (made["name"], made["title"], made["tags"], made["details"]) == ("Ann Lee", "CTO", ["web"], None)
    assert made["emails"] == [{"email": "ann@example.test", "category": "work"}]


async def test_nothing_left_to_write_costs_no_write() -> None:
    account = Account()
    await account.seed(people=[known()])
    came = delivered(await account.deliver(person({"title": "CTO"}, write={"title": "on_create"})))
    assert (account.calls, came.record_id, came.created) == ([LOOK], "7", False)


async def test_what_a_person_cannot_hold_is_a_warning() -> None:
    came = delivered(
        await Account().deliver(person({**ANN, "company": "Lee", "status": "New", "source": "Web", "value": 5}))
    )
    assert [warning.field for warning in came.warnings] == ["company", "source", "status", "value"]


@pytest.mark.parametrize("choice", [{"use": "7"}, {"use": "8"}, {"use": "none"}, {"create": True}])
async def test_a_persons_choice_is_followed(choice: dict[str, Json]) -> None:
    account = Account()
    await account.seed(people=[known(7, "x@example.test")])
    came = await account.deliver(person({**ANN, "tags": ["web"]}, choice=choice))
    people = await account.holds("people")
    if choice in ({"use": "8"}, {"use": "none"}):
        assert isinstance(came, Hold)
        assert (came.reason, people[0]["tags"]) == ("ambiguous_match", [])
    elif "use" in choice:
        assert delivered(came).record_id == "7"
        assert (len(people), people[0]["tags"], len(people[0]["emails"])) == (1, ["web"], 2)
    else:
        assert delivered(came).created is True
        assert len(people) == 2


def plan(**change: Any) -> Plan:
    return Plan.model_validate(person(**change))


def missed() -> Answer:
    return answer(404, {"success": False, "status": 404, "message": "Resource not found"})


def refused(message: str) -> Answer:
    return answer(422, {"success": False, "status": 422, "message": message})


@pytest.mark.parametrize(
    ("fetched", "purpose"),
    [
        (missed(), CREATE),
        (answer(404, {"error": "not_found"}), "find matching people"),
        (answer(405, "no"), "find matching people"),
        (answer(200, {"id": 7, "emails": []}), "find matching people"),
        (answer(200, {"id": 7, "emails": [{"email": "Ann@Example.test"}]}), UPDATE),
    ],
)
def test_a_fetch_is_believed_only_for_what_it_says(fetched: Answer, purpose: str) -> None:
    step = ADAPTER.next(plan(), {LOOK: fetched})
    assert isinstance(step, Call)
    assert step.purpose == purpose


@pytest.mark.parametrize(("status", "kind"), [(500, Retry), (429, Retry), (401, Hold), (403, Hold), (200, Retry)])
def test_a_look_that_is_refused_loses_nothing(status: int, kind: type) -> None:
    for answers in ({LOOK: answer(status, {})}, {LOOK: answer(405, {}), "find matching people": answer(status, {})}):
        step = ADAPTER.next(plan(), answers)
        if status != 200 or len(answers) > 1:
            assert isinstance(step, Done)
            assert isinstance(step.outcome, kind)


@pytest.mark.parametrize(
    ("since", "believed"),
    [(60, True), (899, True), (30, False), (7200, False), (None, True)],
)
def test_a_search_is_believed_a_minute_after_another_and_not_days_later(since: int | None, believed: bool) -> None:
    """Days later somebody else may have made the person just now: a held delivery keeps nobody waiting."""
    at = 1_793_700_005  # Tue, 03 Nov 2026 10:00:05 GMT
    headers = {"date": "Tue, 03 Nov 2026 10:00:05 GMT"}
    done = [f"waited for Copper's search since {0 if since is None else at - since}"]
    by_name = plan(match={"by": "name", "value": "Ann Lee"}, progress={"done": done})
    answers = {"find matching people": answer(200, [], headers=headers)}
    step = ADAPTER.next(by_name, answers)
    assert isinstance(step, Call) == believed
    if not believed:
        assert ADAPTER.progress(by_name, answers).done == (f"waited for Copper's search since {at}",)


def test_a_person_deleted_after_the_look_is_looked_for_anew() -> None:
    there = {"id": 7, "emails": [{"email": "ann@example.test"}]}
    step = ADAPTER.next(plan(), {LOOK: answer(200, there), UPDATE: missed()})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Retry)
