"""Answers that are good for nothing: another lead's, garbage, and what repeats the token."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from leadbridge.outgoing.client import Answered, Unanswered
from tests.fetch.staged import DOCUMENTS, ENVIRON, Stage, announcement, documents, respond
from tests.fetch.vendor import answered

TOKEN = ENVIRON["TOKEN"]


async def reason_of(stage: Stage, name: str) -> str:
    await stage.tried(name, 1)
    row = await stage.store.submission(name)
    assert row is not None
    assert row.state == "awaiting_fetch"
    return row.reason or ""


@pytest.mark.parametrize("other", ["r777", None, ["r1"], "R1"])
async def test_another_lead_than_the_one_that_was_asked_for_is_none(stage: Stage, other: Any) -> None:
    stage.vendor.respond = lambda asked: (
        answered(200, documents(other)["response"]) if asked == "r1" else respond(asked)
    )
    stage.start()
    await stage.announced("a", announcement(1))
    assert await reason_of(stage, "a") == (
        "fetch: the vendor's document `response` has not the id r1 at `id` that was asked for"
    )
    (line,) = stage.journal.find("fetch.attempted")
    assert line["outcome"] == "missing"


@pytest.mark.parametrize(
    "form", [{"id": 7234}, {"id": 7234, "content": {}}, {"id": 7234, "content": {"questions": [{"questionId": 1}]}}]
)
async def test_a_form_that_is_none_is_not_kept_for_the_leads_to_come(stage: Stage, form: Any) -> None:
    stage.vendor.respond = lambda asked: respond(asked) if asked.startswith("r") else answered(200, form)
    stage.start()
    await stage.announced("a", announcement(1))
    assert "form.content.questions" in await reason_of(stage, "a")
    stage.vendor.respond = respond
    await stage.announced("b", announcement(2))
    await stage.all_fetched("b")
    row = await stage.store.submission("b")
    assert row is not None
    assert json.loads(row.fetched or "")["form"] == DOCUMENTS["form"]


async def test_a_kept_form_that_does_not_fit_is_asked_for_anew(stage: Stage) -> None:
    """Its author has added questions, and has not given it another version."""
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.all_fetched("a")
    newer = json.loads(json.dumps(DOCUMENTS).replace("7234", "99999")) | {"form": {}}
    changed = json.loads(json.dumps(DOCUMENTS["form"]).replace("07234", "099999"))
    response = newer["response"] | {"id": "r2"}
    stage.vendor.respond = lambda asked: answered(200, response if asked == "r2" else changed)
    await stage.announced("b", announcement(2))
    assert "none of the questions" in await reason_of(stage, "b")
    stage.clock.advance(60)
    await stage.all_fetched("b")
    assert stage.vendor.calls == ["r1", "7234", "r2", "r2", "7234"]


@pytest.mark.parametrize("cut", range(455, 500, 4))
async def test_no_part_of_a_token_is_left_where_long_words_are_cut(stage: Stage, cut: int) -> None:
    stage.vendor.respond = lambda _asked: answered(404, {"message": "y" * cut + " " + TOKEN})
    stage.start()
    await stage.announced("a", announcement(1))
    assert TOKEN[:5] not in await reason_of(stage, "a")
    assert TOKEN[:5] not in str(stage.journal.lines)


async def test_words_in_another_charset_do_not_repeat_it_either(stage: Stage) -> None:
    wide = Answered(status=404, headers={}, content=f"no: {TOKEN}".encode("utf-16-le"), whole=True)
    stage.vendor.respond = lambda _asked: wide
    stage.start()
    await stage.announced("a", announcement(1))
    assert TOKEN[:5] not in (await reason_of(stage, "a")).replace("\0", "")


async def test_a_token_in_a_document_is_not_stored(stage: Stage) -> None:
    escaped = "".join(f"\\u{ord(one):04x}" for one in TOKEN)
    texts = f'"plain": "{TOKEN}", "link": "https://v.test/?access_token={quote(TOKEN)}", "escaped": "{escaped}"'

    def told(asked: str) -> Answered:
        content = respond(asked).content[:-1] + f", {texts}}}".encode()
        return Answered(status=200, headers={"x-li-uuid": f"{TOKEN}{'x' * 500}"}, content=content, whole=True)

    stage.vendor.respond = told
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.all_fetched("a")
    row = await stage.store.submission("a")
    assert row is not None
    found = json.loads(row.fetched or "")["response"]
    assert (found["plain"], found["link"]) == ("***", "https://v.test/?access_token=***")
    assert found["escaped"] == "***"
    assert TOKEN not in str(stage.journal.lines)
    traces = {line["vendor_trace_id"] for line in stage.journal.find("fetch.attempted")}
    assert traces == {"***" + "x" * 197}


async def test_what_is_no_json_is_missing_from_the_third_try_on(stage: Stage) -> None:
    stage.vendor.respond = lambda _asked: Answered(status=200, headers={}, content=b"<html>", whole=True)
    stage.start()
    await stage.announced("a", announcement(1))
    for tries in (1, 2, 3):
        await stage.tried("a", tries)
        stage.clock.advance(600)
    found = [line["outcome"] for line in stage.journal.find("fetch.attempted")]
    assert found[:3] == ["down", "down", "missing"]


async def test_a_call_that_was_never_sent_takes_no_place_in_the_quota(stage: Stage) -> None:
    ends: list[Any] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.store, name)

        async def store_fetched(self, source: str, given: Any, **named: Any) -> Any:
            ends.extend(given)
            return await stage.store.store_fetched(source, given, **named)

    def broken(_asked: str) -> Unanswered:
        return Unanswered("no connection", sent=False)

    watched: Any = Watched()
    stage.vendor.respond = broken
    stage.start(store=watched)
    await stage.announced("a", announcement(1))
    await stage.tried("a", 1)
    stage.vendor.respond = lambda _asked: Unanswered("no answer within 10 s", sent=True)
    stage.clock.advance(60)
    await stage.tried("a", 2)
    assert [end.calls for end in ends] == [0, 1]


async def test_a_process_that_stood_still_past_its_claim_asks_nothing_more(stage: Stage) -> None:
    stage.vendor.gate.clear()
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.vendor.called(1)
    stage.clock.advance(31)  # its two calls have 40 seconds, and a call may take ten
    stage.vendor.gate.set()
    await stage.all_fetched("a")
    assert stage.vendor.calls == ["r1", "r1", "7234"], "it begins anew, with a claim of its own"
