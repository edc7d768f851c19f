"""Senders that give their submissions no id: the same answers within a window are the same submission."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.events import Event
from leadbridge.sources.contents import VOLATILE, content_of, raw_of
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, Running, running
from tests.support.walked import walked

ANN = {"name": "Ann Lee", "email": "ann@example.com"}
WITH_WINDOW = CONFIG.replace("    verify: none\n", "    verify: none\n    dedupe_window: 10m\n")
WITH_WINDOW = WITH_WINDOW.replace("sources:\n", "sources:\n  forms: {preset: wordpress-forms, verify: none}\n", 1)
WITH_WINDOW = WITH_WINDOW.replace("from: [website,", "from: [forms, website,")


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    clock.wall = time.time_ns() // 1_000_000  # ids are made by the machine's own
    async with running(store, clock, journal, config=WITH_WINDOW) as started:
        yield started


async def send(service: Running, *answers: dict[str, Any], source: str = "open") -> list[str]:
    body = json.dumps(answers[0] if len(answers) == 1 else answers).encode()
    reply = (await service.post(body, source=source)).json()
    return [one["status"] for one in reply.get("submissions", [reply])]


async def test_the_same_answers_within_the_window_are_a_repetition(service: Running, clock: ManualClock) -> None:
    assert await send(service, ANN) == ["accepted"]
    assert await send(service, dict(reversed(ANN.items()))) == ["duplicate"]
    clock.advance(300)
    assert await send(service, ANN) == ["duplicate"]


async def test_after_the_window_they_are_a_new_submission_and_no_revision(
    service: Running, store: Store, clock: ManualClock
) -> None:
    await send(service, ANN)
    clock.advance(3_600)
    assert await send(service, ANN) == ["accepted"]
    rows = await store.submissions(limit=10)
    assert [(row.state in ("received", "mapped"), row.revision) for row in rows] == [(True, 1)] * 2


async def test_other_answers_are_another_submission(service: Running) -> None:
    assert await send(service, ANN) == ["accepted"]
    assert await send(service, {**ANN, "message": "One more thing"}) == ["accepted"]


async def test_what_is_made_anew_for_each_sending_tells_nothing_apart(service: Running) -> None:
    assert await send(service, {**ANN, "Submitted at": "10:57", "_wpcf7_unit_tag": "f1"}) == ["accepted"]
    assert await send(service, {**ANN, "submitted_at": "10:58", "g-recaptcha-response": "x"}) == ["duplicate"]


async def test_of_several_in_one_request_each_is_looked_at(service: Running) -> None:
    assert await send(service, ANN, {**ANN, "name": "Bo"}, ANN) == ["accepted", "accepted", "duplicate"]


async def test_a_source_without_a_window_takes_everything(service: Running) -> None:
    for _ in range(2):
        assert await send(service, ANN, source="website") == ["accepted"]


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.text() | st.lists(st.text())))
def test_any_answers_have_a_digest_of_their_own(fields: dict[str, Any]) -> None:
    digest = content_of(Event(fields=fields, raw=None))
    assert content_of(Event(fields=dict(reversed(fields.items())), raw=None)) == digest
    assert content_of(Event(fields={**fields, "one more answer": 1}, raw=None)) != digest
    assert content_of(Event(fields={**fields, "left out": 1}, raw=None), but={"left out"}) == (
        content_of(Event(fields={name: value for name, value in fields.items() if name != "left out"}, raw=None))
    )


@pytest.mark.parametrize(
    "meta",
    [
        {"form_id": "request-a-quote"},
        {"form_id": "newsletter", "files": [{"field": "cv", "name": "cv.pdf", "sha256": "b1"}]},
        {"form_id": "newsletter", "files": [{"field": "cv", "name": "cv.pdf", "sha256": "b2"}]},
    ],
    ids=["another form", "with a file", "another file of that name"],
)
def test_what_is_around_the_answers_tells_submissions_apart(meta: dict[str, Any]) -> None:
    others = [{"form_id": "newsletter"}, {**meta, "files": [{"field": "cv", "name": "cv.pdf", "sha256": "a0"}]}]
    digest = content_of(Event(fields=ANN, raw=None, meta=meta))
    assert digest not in {content_of(Event(fields=ANN, raw=None, meta=other)) for other in others}


@walked("name", ["submitted_at", "date", "time", "remote_ip", "ip", "user_agent", "landed_at"])
def test_what_presets_say_of_the_sending_tells_nothing_apart(name: str) -> None:
    digest = content_of(Event(fields=ANN, raw=None, meta={"form_id": "f"}))
    assert content_of(Event(fields=ANN, raw=None, meta={"form_id": "f", name: "1"})) == digest
    assert content_of(Event(fields=ANN, raw=None, meta={"form_id": "f", "n": 1}), but={"n"}) == digest


@pytest.mark.parametrize("name", ["IP-телефон", "date", "seriesid", "时间 timestamp"])
def test_a_name_that_only_looks_volatile_is_an_answer(name: str) -> None:
    one, other = ({**ANN, name: value} for value in ("111", "222"))
    assert content_of(Event(fields=one, raw=None)) != content_of(Event(fields=other, raw=None))


async def test_the_same_person_in_two_forms_is_two_leads(service: Running) -> None:
    form = {"email": "ann@example.com", "submission_time": "10:57"}
    assert await send(service, {**form, "_wpcf7": "12"}, source="forms") == ["accepted"]
    assert await send(service, {**form, "_wpcf7": "13"}, source="forms") == ["accepted"]
    assert await send(service, {**form, "_wpcf7": "12", "submission_time": "10:58"}, source="forms") == ["duplicate"]


def test_no_name_of_an_answer_is_volatile() -> None:
    assert VOLATILE.isdisjoint({"date", "time", "phone", "email", "name", "message", "token", "id"})


@pytest.mark.parametrize(
    ("raw", "without"),
    [
        ({"id": 1, "attempt": 2}, {"id": 1}),
        ({"meta": {"at": 1, "by": "x"}, "id": 1}, {"meta": {"by": "x"}, "id": 1}),
        ({"entry": [{"time": 1, "id": 2}, {"id": 3}]}, {"entry": [{"id": 2}, {"id": 3}]}),
        ({"meta": "text", "attempt": None}, {"meta": "text"}),
        (["a"], ["a"]),
    ],
)
def test_a_counter_of_tries_makes_no_other_content(raw: Any, without: Any) -> None:
    but = {"attempt", "meta.at", "entry.time"}
    before = json.dumps(raw)
    assert raw_of(Event(fields={}, raw=raw), but=but) == raw_of(Event(fields={}, raw=without), but=set())
    assert json.dumps(raw) == before
