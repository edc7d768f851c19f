"""The page for people: readable without a script, and harmless whatever a record is called."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from leadbridge.sandbox import CopperSeed, Drop, Fault, LeadConnectorSeed, SandboxOptions, Status
from leadbridge.sandbox.page import MOST_ACCOUNTS
from leadbridge.sandbox.views import MOST_CALLS, MOST_RECORDS
from tests.support.walked import walked

from .support import COPPER_HEADERS, Bench, upsert_by_email

HOSTILE = "<script>alert(1)</script>\"'&\u202eevil\x1b[31m\n{{ 7 * 7 }}"
VOID = {"meta", "link", "input", "br"}


class Read(HTMLParser):
    """A page as a browser sees it; a tag that is not closed in order is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.text).split())


async def page(bench: Bench, path: str = "", **query: str) -> Read:
    answer = await bench.client.get(f"/sandbox/{path}", params=query or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Read(answer.text)


async def filled() -> Bench:
    bench = Bench()
    field = [{"custom_field_definition_id": 100766, "value": [2082400, 2082402]}]
    numbers = [{"number": "+15550000001", "category": "work"}]
    await bench.copper(
        "PUT",
        "/leads/upsert",
        upsert_by_email("ann@b.test", name="Ann Lee", tags=["vip"], phone_numbers=numbers, custom_fields=field),
    )
    await bench.control.seed(CopperSeed.model_validate({"account": "acme", "leads": [{"name": "Bo Ray"}]}))
    contact = {
        "email": "cy@b.test", "firstName": "Cy", "lastName": "Fox", "phone": "+15550000002", "tags": ["web"],
        "additionalEmails": ["cy2@b.test"], "customFields": [{"id": "plan0Sandbox0Field04", "field_value": "Growth"}],
    }  # fmt: skip
    await bench.control.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "contacts": [contact]}))
    return bench


async def test_it_shows_what_each_account_holds() -> None:
    shown = (await page(await filled())).shown

    assert "Copper: acme" in shown
    assert "Ann Lee ann@b.test +15550000001 vip Interests: Buying, Renting 2025-06-15 15:06:40" in shown
    assert "Leads: 2" in shown
    assert "LeadConnector: LOC1" in shown
    assert "Cy Fox cy@b.test, cy2@b.test +15550000002 web Plan: Growth 2025-06-15 15:06:40" in shown
    assert "Quota: 1 of 180 calls in 60 s." in shown
    assert "People:" not in shown, "a kind without records is left out"


async def test_it_shows_the_last_calls_with_status_trace_id_and_faults() -> None:
    bench = await filled()
    await bench.control.fault(Fault(action=Status(status=503), path="/account", times=1))
    await bench.control.fault(Fault(action=Drop(), account="acme", method="DELETE"))
    refused = await bench.copper("GET", "/account")
    await bench.copper("GET", "/account", headers={"Authorization": "Bearer bad"})
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.copper("DELETE", "/leads/1")
    shown = (await page(bench)).shown

    assert f"GET /account 503 Service Unavailable {refused.headers['x-request-id']} 1" in shown
    assert "refused GET /account 401 Unauthorized" in shown
    assert "DELETE /leads/1 dropped 2" in shown
    assert shown.index("dropped") < shown.index("401 Unauthorized") < shown.index("200 OK"), "the last first"
    assert '1 status status 503 path "/account", times 1 1 1' in shown
    assert '2 drop account "acme", method "DELETE" 1 1' in shown, "fitted and struck"


async def test_a_record_has_a_page_with_every_attribute_and_the_calls_about_it() -> None:
    bench = await filled()
    link = next(a["href"] or "" for a in (await page(bench)).all("a") if (a["href"] or "").startswith("record?"))
    read = await page(bench, link)

    lead = (await bench.control.state("copper"))["copper"]["acme"]["leads"][1]
    assert "Bo Ray – leadbridge sandbox" in read.shown
    assert all(name in read.shown for name in lead)
    assert "No calls yet." in read.shown
    ann = next(
        a["href"] or "" for a in (await page(bench, find="ann@b.test")).all("a") if "record?" in (a["href"] or "")
    )
    read = await page(bench, ann)
    assert "Interests Buying, Renting" in read.shown
    assert "PUT /leads/upsert sent and answered request_body" in read.shown
    assert '"field_value": "ann@b.test"' in read.shown


@pytest.mark.parametrize("crm", ["copper", "leadconnector"])
async def test_a_hostile_name_is_text_everywhere(crm: str) -> None:
    bench = Bench()
    if crm == "copper":
        await bench.control.seed(CopperSeed.model_validate({"account": HOSTILE, "leads": [{"name": HOSTILE}]}))
        await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test", name=HOSTILE, tags=[HOSTILE]))
    else:
        body = {"locationId": HOSTILE, "email": "a@b.test", "firstName": HOSTILE, "tags": [HOSTILE]}
        assert (await bench.leadconnector("POST", "/contacts/upsert", body)).status_code == 200
    await bench.control.fault(Fault(action=Status(status=503), account=HOSTILE, path=HOSTILE))
    reads = [await page(bench, find=HOSTILE[:8]), await page(bench)]
    links = {a["href"] or "" for read in reads for a in read.all("a")}
    reads += [await page(bench, link) for link in links if link.startswith(("record?", "?crm="))]

    assert len(reads) >= 4
    for read in reads:
        assert read.all("script") == []
        assert "<script>alert(1)</script>" in read.shown
        assert "49" not in read.shown, "no template of theirs is run"
        assert not re.search("[\u202e\x1b]", read.shown)


async def test_nothing_is_loaded_from_elsewhere_and_no_script_runs() -> None:
    bench = await filled()
    for path in ("", "style.css"):
        headers = (await bench.client.get(f"/sandbox/{path}")).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    read = await page(bench)
    assert read.all("script") == read.all("img") == []
    assert [link["href"] for link in read.all("link")] == ["style.css"]
    assert not [a for a in read.all("a") if "//" in (a["href"] or "")]
    style = await bench.client.get("/sandbox/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "color-scheme: light dark" in style.text
    assert "url(" not in style.text


async def test_it_is_made_for_keyboards_and_screen_readers() -> None:
    bench = await filled()
    await bench.control.fault(Fault(action=Drop()))
    overview = await page(bench)
    link = next(a["href"] or "" for a in overview.all("a") if "record?" in (a["href"] or ""))
    for read in (overview, await page(bench, link)):
        assert read.all("html")[0]["lang"] == "en"
        assert len(read.all("title")) == len(read.all("h1")) == len(read.all("main")) == 1
        assert len(read.all("caption")) == len(read.all("table")) > 0
        assert all(th.get("scope") in ("col", "row") for th in read.all("th"))
        assert all(one.get("tabindex") == "0" for one in read.all("div") if one.get("class") == "wide")
        ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert all(label["for"] in ids for label in read.all("label"))
        assert read.all("a")[0]["href"] == "#content"


async def test_it_loads_anew_only_when_asked() -> None:
    bench = await filled()
    still = await page(bench, find="ann")
    assert not [meta for meta in still.all("meta") if meta.get("http-equiv")]
    link = next(a["href"] or "" for a in still.all("a") if "refresh" in (a["href"] or ""))
    anew = await page(bench, link)

    assert [meta["content"] for meta in anew.all("meta") if meta.get("http-equiv") == "refresh"] == ["5"]
    assert "?find=ann" in [a["href"] for a in anew.all("a")]
    assert "Cy Fox" not in anew.shown


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ({"crm": "copper"}, "Ann Lee", "Cy Fox"),
        ({"account": "LOC1"}, "Cy Fox", "Ann Lee"),
        ({"find": "CY2@b"}, "Cy Fox", "Ann Lee"),
        ({"find": "renting"}, "Leads: 1 found of 2", "Bo Ray"),
        ({"account": "nobody"}, "No account holds anything yet", "Ann Lee"),
    ],
)
async def test_it_can_be_narrowed(query: dict[str, str], there: str, gone: str) -> None:
    shown = (await page(await filled(), **query)).shown

    assert there in shown
    assert gone not in shown


async def test_it_stays_short_and_says_what_it_leaves_out() -> None:
    bench = Bench(SandboxOptions(quotas=False))
    many = MOST_RECORDS + 1
    leads = tuple({"name": f"Lead {number}"} for number in range(many))
    await bench.control.seed(CopperSeed(account="acme", leads=leads))
    for number in range(MOST_ACCOUNTS):
        await bench.copper("GET", "/account", headers={**COPPER_HEADERS, "X-PW-AccessToken": f"other{number}"})
    for number in range(MOST_CALLS):
        await bench.copper("GET", f"/leads/{number}")
    read = await page(bench)
    assert "1 older accounts are not shown" in read.shown
    assert "GET /account" not in read.shown
    acme = await page(bench, account="acme")
    assert f"Leads: {many}, the newest {MOST_RECORDS} shown" in acme.shown
    assert "Lead 100 " in acme.shown
    assert "Lead 0 " not in acme.shown


async def test_an_empty_sandbox_says_so() -> None:
    read = await page(Bench())
    assert "No account holds anything yet" in read.shown
    assert "No calls yet." in read.shown


@pytest.mark.parametrize("path", ["/", "/sandbox"])
async def test_the_address_alone_leads_to_it(path: str) -> None:
    answer = await Bench().client.get(path, follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/sandbox/")


@walked(
    ("path", "status", "said"),
    [
        ("?refresh=soon", 400, "refresh: 'soon' is not allowed; use a whole number from 1 on"),
        ("?fnd=x", 400, "fnd: unknown; did you mean `find`?"),
        ("?crm=hubspot", 400, "crm: 'hubspot' is not allowed; use copper or leadconnector"),
        ("record?crm=copper&account=acme", 400, "kind: must be given; id: must be given"),
        ("record?crm=copper&account=acme&kind=leads&id=1", 404, "there is no such record"),
        ("record?crm=copper&account=nobody&kind=leads&id=1", 404, "there is no such record"),
        ("record?crm=leadconnector&account=LOC1&kind=tags&id=w", 404, "there is no such record"),
    ],
)
async def test_what_cannot_be_shown_is_said(path: str, status: int, said: str) -> None:
    answer = await (await filled()).client.get(f"/sandbox/{path}")
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
