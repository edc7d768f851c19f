"""Contacts of their own and notes are made once, whatever befalls the calls, over any number of tries."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import Call
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Retry
from tests.crm.leadconnector_crm import ADAPTER, Location, Trouble, plan_of, tried
from tests.crm.plans import answer
from tests.support.examples import examples
from tests.support.walked import walked

ROSA = {"first_name": "Rosa", "last_name": "Deo", "email": "rosa@example.test", "phone": "+14155550123"}
STANDS = {"id": "C1", "firstName": "Rosa", "lastName": "Deo", "email": "rosa@example.test", "phone": "+14155550999"}
NOTE = "Message: Please call\nBudget: 500"
TAGGED = {"tags": {"add": ["web"]}, "write": {"source": "on_create"}, "note": NOTE}
DOUBLES: dict[str, Any] = {"allow_duplicates": True}
CREATED: dict[str, Any] = {"choice": {"create": True}}
TROUBLES = st.lists(st.sampled_from(get_args(Trouble)), max_size=12)


def ends(location: Location, plan: Any, *troubles: Trouble) -> list[Outcome]:
    coming = iter(troubles)
    return list(tried(location, plan, lambda _: next(coming, "")))


def made(location: Location) -> list[dict[str, Any]]:
    return [contact for contact in location.contacts if contact["id"] != "C1"]


@given(troubles=TROUBLES, more=st.sampled_from([DOUBLES, CREATED]), known=st.booleans())
def test_a_contact_of_its_own_is_made_once(troubles: list[Trouble], more: dict[str, Any], known: bool) -> None:
    location = Location({"allow_duplicates": True})
    if known:
        location.seed(STANDS)
    location.clock.elapsed += 3600
    *_, end = ends(location, plan_of({**ROSA, "source": "Website"}, **TAGGED, **more), *troubles)

    assert len(made(location)) <= 1
    assert len(location.notes) <= 1
    if isinstance(end, Delivered):
        (contact,) = made(location)
        assert (end.record_id, end.created) == (contact["id"], True)
        assert (contact["tags"], contact["source"]) == (["web"], "Website")
        assert len(location.notes) == 1 or "note" in [warning.field for warning in end.warnings]
    else:
        assert isinstance(end, Hold | Fail | Retry)


@settings(max_examples=examples(50), deadline=None)
@given(troubles=TROUBLES, known=st.booleans())
def test_a_note_is_added_once_and_the_contact_is_told_new_or_known_as_it_was(
    troubles: list[Trouble], known: bool
) -> None:
    location = Location()
    if known:
        location.seed({"id": "C1", "email": ROSA["email"]})
        location.clock.elapsed += 3600
    *_, end = ends(location, plan_of({**ROSA, "source": "Website"}, **TAGGED), *troubles)

    assert len(location.contacts) <= 1
    assert len(location.notes) <= 1
    if isinstance(end, Delivered):
        assert end.created is not known
        assert ("source" in location.contacts[0]) is not known


@walked("trouble", ["lost answer", "done and 500", "done and 422", "half answer"])
@walked("more", [DOUBLES, CREATED], ids=["duplicates allowed", "chosen"])
def test_a_creation_that_was_done_and_not_told_is_found(trouble: Trouble, more: dict[str, Any]) -> None:
    location = Location({"allow_duplicates": True})
    location.seed(STANDS)
    location.clock.elapsed += 3600
    first, last = ends(location, plan_of(ROSA, **more), trouble)

    assert isinstance(first, Retry)
    assert first.at_least >= location.options.get("search_lag", 3.0)
    assert isinstance(last, Delivered)
    assert [contact["id"] for contact in made(location)] == [last.record_id]
    once = "create contact" if more is DOUBLES else "create the wanted contact"
    assert [call.purpose for call in location.calls] == [once, "look for the contact", "read contact"]


@pytest.mark.parametrize("trouble", ["lost call", "500"])
def test_a_creation_that_was_not_done_is_made_after_a_look(trouble: Trouble) -> None:
    location = Location({"allow_duplicates": True})
    location.seed(STANDS)
    location.clock.elapsed += 3600
    *_, last = ends(location, plan_of(ROSA, **DOUBLES), trouble)

    assert isinstance(last, Delivered)
    assert [call.purpose for call in location.calls] == ["look for the contact", "create contact"]


def test_a_creation_that_is_refused_again_after_a_look_in_vain_has_failed() -> None:
    location = Location()
    refused = plan_of({**ROSA, "owner": "notAUser1"}, **CREATED)
    location.answer = lambda call: (  # type: ignore[method-assign]
        answer(422, {"statusCode": 422, "message": ["assignedTo is no user"]})
        if call.purpose == "create the wanted contact"
        else answer(200, {"contacts": [], "total": 0})
    )
    first, last = ends(location, refused)

    assert isinstance(first, Retry)
    assert isinstance(last, Fail)
    assert "assignedTo is no user" in last.detail


@pytest.mark.parametrize("trouble", ["lost answer", "done and 500", "half answer"])
def test_a_note_that_was_added_and_not_told_is_found(trouble: Trouble) -> None:
    location = Location()
    coming = iter([trouble])
    outcomes = list(
        tried(
            location,
            plan_of(ROSA, note=NOTE),
            lambda call: next(coming, "") if call.purpose == "add note" else "",
        )
    )

    assert isinstance(outcomes[-1], Delivered)
    assert outcomes[-1].warnings == ()
    assert [note["body"] for note in location.notes] == [NOTE]


def test_a_note_that_may_have_been_added_is_looked_for_where_it_was_sent() -> None:
    plan = plan_of(ROSA, note=NOTE, progress={"record_id": "C9", "unsure": {"add note": 5}})
    step = ADAPTER.next(plan, {"upsert contact": answer(200, {"new": False, "contact": STANDS})})

    assert isinstance(step, Call)
    assert (step.method, step.path) == ("GET", "/contacts/C9/notes")


def test_an_equal_note_of_an_earlier_submission_is_not_taken_for_this_one() -> None:
    location = Location()
    location.seed({"id": "C1", "email": ROSA["email"]})
    location.answer(Call(purpose="earlier", method="POST", path="/contacts/C1/notes", body={"body": NOTE}))
    location.clock.elapsed += 3600
    ends(location, plan_of({"email": ROSA["email"]}, note=NOTE), "", "lost call")

    assert len(location.notes) == 2


@walked(
    ("look", "kind", "said"),
    [
        (answer(200, {"notes": "many"}), Retry, "lists no notes"),
        (answer(503, {"message": "busy"}), Retry, "busy"),
        (answer(401, {"message": "Invalid JWT"}), Hold, "Invalid JWT"),
        (answer(422, {"message": "no"}), Delivered, "cannot be looked for"),
        (answer(400, {"message": "Contact with id C1 not found"}), Call, "add note"),
        (answer(200, {"notes": [7, {"body": 5}, {"body": "another"}]}), Call, "add note"),
        (answer(200, {"notes": [{"body": f"<p>{NOTE}</p>", "dateAdded": "when?"}]}), Delivered, ""),
        (answer(200, {"notes": [{"body": f"{'x' * 40} {NOTE}", "dateAdded": "1999-01-01T00:00:00Z"}]}), Call, ""),
    ],
)
def test_what_a_look_for_the_note_says(look: Any, kind: type, said: str) -> None:
    unsure = {"record_id": "C1", "created": True, "unsure": {"add note": 1_750_000_000_000}}
    contact = answer(200, {"contact": {"id": "C1", "email": ROSA["email"]}, "new": False})
    plan = plan_of({"email": ROSA["email"]}, note=NOTE, progress=unsure)
    step = ADAPTER.next(plan, {"upsert contact": contact, "look for the note": look})

    came = step if isinstance(step, Call) else step.outcome
    assert isinstance(came, kind)
    assert said in repr(came)


def test_a_note_that_was_cut_is_found_by_its_beginning() -> None:
    text = "Message: " + "please call " * 50
    plan = plan_of({"email": "a@b.test"}, note=text, progress={"unsure": {"add note": 0}})
    contact = answer(200, {"contact": {"id": "C1", "email": "a@b.test"}, "new": False})
    shown = {"upsert contact": contact, "look for the note": answer(200, {"notes": [{"body": text[:200]}]})}

    assert not isinstance(ADAPTER.next(plan, shown), Call)
    assert ADAPTER.progress(plan, shown).done == ("add note",)


@walked(
    ("answers", "kind", "said"),
    [
        ({"look for the contact": answer(429, {})}, Retry, "429"),
        ({"look for the contact": answer(401, {"message": "Invalid JWT"})}, Hold, "bad_credentials"),
        ({"look for the contact": answer(200, {"contacts": [], "total": 900})}, Hold, "unknown_outcome"),
        ({"look for the contact": answer(200, {"contacts": [{"id": "C7"}, {"id": "C8"}]})}, Hold, "several contacts"),
        ({"look for the contact": answer(200, {"contacts": "many"})}, Call, "/contacts/search/duplicate"),
        ({"look for a duplicate": answer(422, {"message": "no"})}, Hold, "cannot be looked for"),
        ({"look for a duplicate": answer(503, {"message": "busy"})}, Retry, "busy"),
        ({"look for a duplicate": answer(200, {"contact": None})}, Call, "create contact"),
        ({"look for a duplicate": answer(200, {"contact": {"id": "C7"}})}, Call, "/contacts/C7"),
        ({"look for a duplicate": answer(200, {"traceId": "t"})}, Hold, "unknown_outcome"),
    ],
)
def test_what_a_look_for_the_contact_says(answers: dict[str, Any], kind: type, said: str) -> None:
    plan = plan_of(ROSA, **DOUBLES, progress={"unsure": {"create contact": 1_750_000_000_000}})
    step = ADAPTER.next(plan, {"look for the contact": answer(400, {"message": "no such filter"}), **answers})

    came = step if isinstance(step, Call) else step.outcome
    assert isinstance(came, kind)
    assert said in repr(came)


def test_a_contact_without_e_mail_and_phone_is_looked_for_by_its_name() -> None:
    unsure = {"unsure": {"create the wanted contact": 1_750_000_000_000}}
    plan = plan_of({"first_name": "Rosa", "last_name": "Deo"}, **CREATED, progress=unsure)
    look = ADAPTER.next(plan, {})
    assert isinstance(look, Call)
    assert [one["value"] for one in look.body["filters"]] == ["rosa", "deo"]
    refused = ADAPTER.next(plan, {look.purpose: answer(400, {"message": "no"})})
    nameless = ADAPTER.next(plan_of({"company": "Deos"}, **CREATED, progress=unsure), {})

    for step in (refused, nameless):
        assert not isinstance(step, Call)
        assert "nothing to look for it by" in repr(step.outcome)


def test_a_creation_that_is_done_and_whose_contact_nobody_knows_is_for_a_person() -> None:
    step = ADAPTER.next(plan_of(ROSA, **DOUBLES, progress={"done": ["create contact"]}), {})

    assert not isinstance(step, Call)
    assert isinstance(step.outcome, Hold)


def test_a_person_who_has_looked_decides_without_another_look() -> None:
    plan = plan_of(ROSA, **DOUBLES, **CREATED, progress={"unsure": {"create contact": 1_750_000_000_000}})
    step = ADAPTER.next(plan, {})

    assert isinstance(step, Call)
    assert (step.method, step.path, step.safe_to_repeat) == ("POST", "/contacts/", False)


def test_without_anything_to_know_a_contact_by_none_is_created() -> None:
    step = ADAPTER.next(plan_of({"company": "Deos"}, **CREATED), {})

    assert not isinstance(step, Call)
    assert isinstance(step.outcome, Hold)
    assert step.outcome.reason == "no_match_key"
