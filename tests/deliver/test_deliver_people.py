"""People who share e-mails and phones, in every order, through whatever befalls the service: who gets what.

The real store, lanes and adapters, with the emulated CRMs in this process. What stands in the CRM at the end is what
sending one after the other in the order of events leaves there: nothing lost, nothing doubled, nobody's in another's.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import Call
from leadbridge.lead import Lead
from leadbridge.plan import MatchKey, Plan, RecordKind
from tests.deliver.emulated import EmulatedCrm
from tests.deliver.scripts import EMAILS, Script, Whose, scripts
from tests.deliver.town import Town
from tests.support.clock import ManualClock

Tally: TypeAlias = Counter[str]  # how often what happened

QUICK, WHOLE, WITH_EDITS = 3, 1_000, 100  # runs


async def _after(script: Script, seeds: list[dict[str, Any]]) -> tuple[EmulatedCrm, Tally]:
    """The CRM after the run, and what happened in it."""
    clock = ManualClock()
    crm = EmulatedCrm(script.record, clock)
    crm.seed(*seeds)
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town.db", crm, clock, list(script.fates))
        await town.open()
        try:
            arrived = 0
            for deed, number in script.deeds:
                match deed:
                    case "arrive":
                        await town.arrive(script.sent[arrived : arrived + number])
                        arrived += number
                    case "rest":
                        await town.rest(number)
                    case "hold":
                        await town.hold(number)
                    case "release":
                        await town.release()
                    case "replay":
                        await town.replay(number)
            await town.finish()
            books = await town.store.real.ledger()
            assert books.balances, books
            assert town.journal.find("delivery.crashed") == []
        finally:
            await town.close()
    told = Tally(runs=1, submissions=len(script.sent), calls=crm.calls)
    told.update({f"times {fate}": count for fate, count in town.met.items() if fate != "good"})
    return crm, told


def _one_by_one(script: Script, seeds: list[dict[str, Any]]) -> EmulatedCrm:
    """The CRM after one submission at a time, in the order of events, with nothing in between."""
    clock = ManualClock()
    crm = EmulatedCrm(script.record, clock)
    crm.seed(*seeds)
    for sent in script.in_order():
        clock.advance(600)
        crm.one_by_one(sent.plan)
    return crm


def _seen(crm: EmulatedCrm) -> list[dict[str, Any]]:
    """The records without what each making of them decides (ids and times), and without an order of lists."""
    shown = [{key: _plain(value) for key, value in record.items() if key not in _OWN} for record in crm.records()]
    return sorted(shown, key=lambda record: repr(sorted(record.items())))


_OWN = {"id", "date_created", "date_modified", "dateAdded", "dateUpdated", "createdBy", "lastUpdatedBy"}


def _plain(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, list) else value


async def _proves(script: Script, seeds: list[dict[str, Any]]) -> tuple[EmulatedCrm, Tally]:
    crm, told = await _after(script, seeds)
    expected = _one_by_one(script, seeds)
    assert crm.misplaced == []
    assert _seen(crm) == _seen(expected)
    assert crm.notes() == expected.notes()
    return crm, told


def _kept(script: Script, seeds: list[dict[str, Any]], crm: EmulatedCrm) -> None:
    """What stood there before is there unless a rule of the route says otherwise."""
    rules, replaced = script.sent[0].plan.write, script.sent[0].plan.tags.replace is not None
    by_email = {_email(record): record for record in crm.records()}
    for before in seeds:
        record = by_email[_email(before)]
        given = {key for sent in script.sent if sent.plan.lead.email == _email(before) for key in _mapped(sent.plan)}
        for key, attributes in _ATTRIBUTES[script.record].items():
            if key not in given or rules.get(key) in ("if_empty", "on_create", "never"):
                assert {name: record.get(name) for name in attributes} == {name: before[name] for name in attributes}
        if not (replaced or rules.get("tags") == "always"):
            assert "rep's own" in record["tags"]
        if script.record != "contact":
            assert _SECOND_PHONE in [entry["number"] for entry in record["phone_numbers"]]


def _mapped(plan: Plan) -> set[str]:
    return {"name" if key in ("first_name", "last_name") else key for key in plan.lead.model_fields_set}


def _email(record: dict[str, Any]) -> str:
    email = record["emails"][0] if "emails" in record else record["email"]
    found: str = email["email"] if isinstance(email, dict) else email
    return found


_SECOND_PHONE = "+14155550199"
_ATTRIBUTES: dict[RecordKind, dict[str, tuple[str, ...]]] = {
    "lead": {"name": ("name",), "company": ("company_name",), "title": ("title",), "message": ("details",)},
    "person": {"name": ("name",), "title": ("title",), "message": ("details",)},
    "contact": {
        "name": ("firstName", "lastName"),
        "company": ("companyName",),
        "website": ("website",),
        "address": ("city", "address1"),
        "timezone": ("timezone",),
    },
}


def _as_reps_left_it(record: RecordKind, email: str) -> dict[str, Any]:
    """A record that people in the CRM have worked on."""
    if record == "contact":
        return {
            "email": email,
            "firstName": "Rep",
            "lastName": "Known",
            "companyName": "Rep Inc",
            "website": "rep.example",
            "city": "Reno",
            "address1": "9 Rep Rd",
            "timezone": "America/Chicago",
            "tags": ["rep's own"],
        }
    address = {"email": email, "category": "work"}
    return {
        "name": "Rep Known",
        "title": "Rep's title",
        "details": "Called twice.",
        "tags": ["rep's own"],
        "phone_numbers": [{"number": _SECOND_PHONE, "category": "home"}],
        **({"email": address, "company_name": "Rep Inc"} if record == "lead" else {"emails": [address]}),
    }


# Without the phase that explains a failure: it traces every line, which takes ten times as long.
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
SHARING = pytest.mark.parametrize(
    ("record", "late", "whose"),
    [
        ("lead", True, "by e-mail"),
        ("lead", False, "by e-mail"),
        ("person", True, "by e-mail"),
        ("person", False, "by any"),
        ("contact", True, "by e-mail"),
        ("contact", False, "by any"),
    ],
    ids=["leads, late", "leads", "people, late", "people", "contacts, late", "contacts"],
)
KINDS = pytest.mark.parametrize("record", ["lead", "person", "contact"])


def _in_runs(number: int, name: str, run: Callable[[st.DataObject], Tally]) -> None:
    """That many runs, in none of which anything goes wrong; `-rP` shows what happened in them."""
    told = Tally()

    @seed(name)
    @settings(max_examples=number, phases=PHASES)
    @given(data=st.data())
    def all_of_them(data: st.DataObject) -> None:
        told.update(run(data))

    all_of_them()
    print(", ".join(f"{count} {what}" for what, count in sorted(told.items())))
    assert told["runs"] >= number


def _shared_alike(data: st.DataObject, record: RecordKind, *, late: bool, whose: Whose) -> Tally:
    return asyncio.run(_proves(data.draw(scripts(record=record, late=late, whose=whose)), []))[1]


def _reps_lose_nothing(data: st.DataObject, record: RecordKind) -> Tally:
    script = data.draw(scripts(record=record, late=False, whose="by e-mail"))
    emails = data.draw(st.lists(st.sampled_from(EMAILS), min_size=1, max_size=3, unique=True))
    seeds = [_as_reps_left_it(record, email) for email in emails]
    crm, told = asyncio.run(_proves(script, seeds))
    _kept(script, seeds, crm)
    return told


@SHARING
def test_the_end_is_that_of_one_after_the_other(record: RecordKind, late: bool, whose: Whose) -> None:
    _in_runs(QUICK, f"{record} {late}", lambda data: _shared_alike(data, record, late=late, whose=whose))


@pytest.mark.slow
@SHARING
def test_the_end_is_that_of_one_after_the_other_in_a_thousand_runs(
    record: RecordKind, late: bool, whose: Whose
) -> None:
    _in_runs(WHOLE // 6 + 1, f"{record} {late}", lambda data: _shared_alike(data, record, late=late, whose=whose))


@KINDS
def test_what_stood_there_before_is_kept_as_the_rules_say(record: RecordKind) -> None:
    _in_runs(QUICK, record, lambda data: _reps_lose_nothing(data, record))


@pytest.mark.slow
@KINDS
def test_what_stood_there_before_is_kept_in_a_hundred_runs(record: RecordKind) -> None:
    _in_runs(WITH_EDITS // 3 + 1, record, lambda data: _reps_lose_nothing(data, record))


@pytest.mark.parametrize(("email", "misplaced"), [(EMAILS[0], 0), (EMAILS[1], 1)])
@KINDS
def test_a_write_to_a_strangers_record_is_seen(record: RecordKind, email: str, misplaced: int) -> None:
    crm = EmulatedCrm(record, ManualClock())
    crm.seed(_as_reps_left_it(record, EMAILS[0]))
    path = {"lead": "/leads", "person": "/people", "contact": "/contacts"}[record]
    change = {"website": "a.example"} if record == "contact" else {"title": "Boss"}
    call = Call(purpose="update", method="PUT", path=f"{path}/{crm.records()[0]['id']}", body=change)
    plan = Plan(record=record, lead=Lead(email=email), match=MatchKey(by="email", value=email))

    assert crm.answer_to(plan, call).ok
    assert len(crm.misplaced) == misplaced
