"""The page about the vendors whose leads are fetched: what they hold, and the calls about it."""

import re
from typing import Any

import pytest

from leadbridge.sandbox import Fault, Status
from leadbridge.sandbox.vendor_views import MOST_DOCUMENTS

from .support import Bench
from .test_sandbox_page import HOSTILE, Read, page
from .test_sandbox_vendors import LEAD, filled


def links(read: Read, beginning: str) -> list[str]:
    return [a["href"] or "" for a in read.all("a") if (a["href"] or "").startswith(beginning)]


async def test_it_shows_what_each_vendor_holds_the_newest_first() -> None:
    bench = await filled()
    await bench.control.put_documents({"meta": {"lead": {"445": {**LEAD, "id": "445"}}}})
    shown = (await page(bench)).shown
    held = len((await bench.control.documents())["meta"]["lead"])

    assert f"What the vendors hold Meta (Graph API): {held} documents" in shown
    assert "lead 445 ann@b.test lead 444 ann@b.test" in shown
    assert "Documents at Klaviyo kind id e-mails profile 01P ann@b.test" in shown
    assert "response 1/2" in shown


async def test_a_document_has_a_page_with_the_calls_about_it() -> None:
    bench = await filled()
    await bench.vendor("meta", "/v23.0/444", fields="field_data")
    await bench.vendor("meta", "/v23.0/999")
    overview = await page(bench)
    link = next(one for one in links(overview, "document?") if "444" in one)
    read = await page(bench, link)

    assert "444 – leadbridge sandbox" in read.shown
    assert "Meta (Graph API), lead, id 444" in read.shown
    assert all(name in read.shown for name in LEAD)
    assert '"fields": "field_data"' in read.shown
    assert "999" not in read.shown
    assert overview.shown.count("Meta (Graph API) shop GET /v23.0/444 200 OK 444") == 1
    assert len(links(overview, link)) == 2, "in the list, and from the call"
    assert "shop made 2 of 200 calls in 3600 s" in overview.shown
    (record,) = [one for one in links(await page(bench, link), "document?") if "444" in one]
    assert record == link


async def test_a_document_that_is_gone_is_said_to_be() -> None:
    bench = await filled()
    await bench.vendor("meta", "/v23.0/444")
    await bench.control.put_documents({"meta": {"lead": {"444": None}}})
    gone = await bench.client.get("/sandbox/document?vendor=meta&kind=lead&id=444")
    assert (gone.status_code, gone.json()["problems"][0]["problem"]) == (404, "there is no such document")
    assert [one for one in links(await page(bench), "document?") if "444" in one] == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("kind=lead&id=1", "vendor: must be given"),
        ("vendor=meta", "kind: must be given; id: must be given"),
        ("vendor=facebook&kind=lead&id=1", "vendor: 'facebook' is not allowed; use meta or linkedin"),
        ("vendor=meta&kind=lead&id=1&crm=copper", "crm: unknown"),
    ],
)
async def test_what_is_wrong_with_an_address_is_told(query: str, problem: str) -> None:
    answer = await Bench().client.get(f"/sandbox/document?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(problem)


async def test_a_search_looks_into_ids_and_addresses() -> None:
    bench = await filled()
    read = await page(bench, find="ANN@b")
    assert "1 found of" in read.shown
    assert "profile 01P ann@b.test" in read.shown
    assert "response 1/2" not in read.shown
    assert "contact 7" in (await page(bench, find="ann@b.test")).shown
    assert "SurveyMonkey" not in (await page(bench, find="444")).shown
    assert "What the vendors hold" not in (await page(bench, crm="copper")).shown
    assert "What the vendors hold" not in (await page(bench, find="nobody at all")).shown


async def test_the_newest_of_very_many_documents_are_shown() -> None:
    bench = Bench()
    await bench.control.put_documents(
        {"meta": {"lead": {str(number): {**LEAD, "id": number} for number in range(MOST_DOCUMENTS + 5)}}}
    )
    read = await page(bench)
    assert f"the newest {MOST_DOCUMENTS} shown" in read.shown
    assert len([one for one in links(read, "document?") if "vendor=meta" in one]) == MOST_DOCUMENTS


async def test_hostile_words_are_text_everywhere() -> None:
    bench = Bench()
    hostile = HOSTILE.replace("/", "")
    document: dict[str, Any] = {HOSTILE: HOSTILE, "email": "a@b.test", "data": {"id": hostile}}
    await bench.control.put_documents({"klaviyo": {"profile": {hostile: document}}})
    await bench.control.fault(Fault(action=Status(status=503), vendor="klaviyo", path=HOSTILE))
    await bench.vendor("klaviyo", "/api/profiles/x", token=HOSTILE[:8])
    overview = await page(bench)
    (link,) = [one for one in links(overview, "document?") if "vendor=klaviyo" in one and "script" in one]
    for read in (overview, await page(bench, link)):
        assert read.all("script") == []
        assert "{{ 7 * 7 }}" in read.shown, "no template of theirs is run"
        assert not re.search("[\u202e\x1b]", read.shown)


async def test_it_is_made_for_keyboards_and_screen_readers() -> None:
    bench = await filled()
    overview = await page(bench)
    for read in (overview, await page(bench, links(overview, "document?")[0])):
        assert len(read.all("caption")) == len(read.all("table")) > 0
        assert len(read.all("title")) == len(read.all("h1")) == len(read.all("main")) == 1
        assert all(th.get("scope") in ("col", "row") for th in read.all("th"))
        assert len(read.all("details")) == len(read.all("summary"))
        ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
