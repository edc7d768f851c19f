"""Under every trouble of a vendor, each announced lead is fetched and becomes one record with its answers."""

import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from leadbridge.app import Service
from leadbridge.clock import Clock, SystemClock
from leadbridge.fetch.transport import MOST_ANSWER, HttpFetchTransport
from leadbridge.outgoing.client import Client
from leadbridge.sandbox import (
    LEADCONNECTOR_PATH,
    VENDORS_PATH,
    Delay,
    Drip,
    Fault,
    Html,
    LoseField,
    Malformed,
    RateLimit,
    SandboxControl,
    SandboxOptions,
    Status,
)
from leadbridge.sandbox.recipes import RECIPES
from leadbridge.sandbox.vendor_options import MetaOptions
from leadbridge.settings.loading import load_text
from leadbridge.sources.samples import Sample
from leadbridge.store.base import Store
from tests.support.journal import Journal
from tests.support.patience import PATIENCE

from .serving import served
from .test_sandbox_survival import HurriedClock
from .test_sandbox_vendor_samples import SAMPLES

DEADLINE = 0.4  # seconds of a call, in place of the stage's own, where a fault takes longer
LEADS = ("701", "702", "703")
SECRET = "app-secret-of-the-tests"
CONFIG = f"""
version: 1
sources:
  ads:
    preset: meta
    verify: {{secrets: ["{SECRET}"]}}
    fetch: {{token: TOKEN, base_url: "${{SANDBOX}}{VENDORS_PATH}/meta", quota: QUOTA}}
OTHERS
destinations:
  dallas: {{crm: leadconnector, location_id: LOC1, token: pit-1, base_url: "${{SANDBOX}}{LEADCONNECTOR_PATH}"}}
routes:
  - {{from: [ads, ALL], to: dallas, recognise: true, match: [email, phone]}}
"""
OTHERS = "\n".join(
    f"  {preset}: {{preset: {preset}, verify: none, "
    f'fetch: {{token: shop, base_url: "${{SANDBOX}}{VENDORS_PATH}/{preset}"}}}}'
    for preset in sorted({preset for preset, _ in SAMPLES})
)
# Those of the recipes that befall a GET; what is told before somebody lifts those that last.
BEFALLING = sorted(set(RECIPES) - {"lost-tags", "third-write"})
LIFTED: dict[str, dict[str, Any]] = {
    "outage": {"event": "fetch.attempted", "outcome": "down"},
    "locked-out": {"event": "fetch.paused", "reason": "credentials"},
}
IN_THREE_CALLS = {  # as the recipe, but as much less of it as the deadline here is, or one that strikes early
    "no-answer": Fault(action=Delay(seconds=1.5 * DEADLINE, commit=True), times=1),
    "slow": Fault(action=Delay(seconds=0.03 * DEADLINE)),
    "dripping": Fault(action=Drip(piece=50, pause=0.001)),
    "flaky": RECIPES["flaky"].fault.model_copy(update={"seed": 4}),
}
VARIANTS = {
    "a lead that is not there yet": Fault(action=Status(status=404), times=4),
    "a lead without its answers": Fault(action=LoseField(field="field_data"), times=4),
    "a page with status 200": Fault(action=Html(status=200), times=2),
    "no body": Fault(action=Malformed(shape="empty"), times=2),
    "null": Fault(action=Malformed(shape="null"), times=2),
    "no gzip": Fault(action=Malformed(shape="not_gzip"), times=2),
    "a redirect": Fault(action=Status(status=302, headers={"location": "http://127.0.0.1:9/"}), times=2),
    "a right that is given later": Fault(action=Status(status=403), times=3),
}


class ShortTransport(HttpFetchTransport):
    """The stage's own, with another patience."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._client = Client(connections=8, deadline=deadline, most=MOST_ANSWER)


@dataclass
class Town:
    """A service, and the sandbox that it fetches from and delivers to."""

    service: Service
    control: SandboxControl
    journal: Journal

    async def announce(self, *leads: str) -> None:
        """One request of Meta's about these leads, which it has."""
        await self.control.put_documents({"meta": {"lead": {lead: document(lead) for lead in leads}}})
        changes = [
            {"field": "leadgen", "value": {"leadgen_id": lead, "form_id": "9", "page_id": "5", "created_time": 1}}
            for lead in leads
        ]
        body = orjson.dumps({"object": "page", "entry": [{"id": "5", "time": 1, "changes": changes}]})
        proof = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        app = httpx.ASGITransport(self.service.asgi)
        async with httpx.AsyncClient(transport=app, base_url="http://leads.test") as client:
            answer = await client.post("/hooks/ads", content=body, headers={"x-hub-signature-256": proof})
        assert answer.status_code == 200

    async def contacts(self) -> list[str]:
        """The addresses of the contacts that came of it."""
        accounts = (await self.control.state("leadconnector"))["leadconnector"]
        return sorted(one["email"] for one in accounts.get("LOC1", {}).get("contacts", ()))

    async def calls(self) -> list[dict[str, Any]]:
        """What Meta was asked."""
        return await self.control.history(vendor="meta")


def document(lead: str) -> dict[str, Any]:
    answers = {"full_name": f"Ann Lee {lead}", "email": f"ann{lead}@example.com", "phone_number": f"+14155550{lead}"}
    return {"id": lead, "field_data": [{"name": name, "values": [value]} for name, value in answers.items()]}


@asynccontextmanager
async def town(
    store: Store,
    journal: Journal,
    *,
    options: SandboxOptions | None = None,
    clock: Clock | None = None,
    token: str = "meta",
    quota: str = "{limit: 1000, window: 1m}",
    deadline: float = PATIENCE,
) -> AsyncIterator[Town]:
    """Both, for as long as the body runs; then everything that was announced must be accounted for."""
    async with served(options, clock=clock) as (client, control):
        log: Any = journal
        others = ", ".join(sorted({preset for preset, _ in SAMPLES}))
        text = CONFIG.replace("OTHERS", OTHERS).replace("ALL", others).replace("TOKEN", token).replace("QUOTA", quota)
        loaded = load_text(text, "tests.yaml", {"SANDBOX": str(client.base_url).rstrip("/")})
        service = Service(
            loaded, store, clock=clock or HurriedClock(), vendors=ShortTransport(deadline), dice=Random(1), log=log
        )
        await service.start()
        try:
            yield Town(service, control, journal)
        finally:
            await service.stop()


async def all_arrive(town: Town, *leads: str) -> None:
    await town.journal.seen("delivery.attempted", count=len(leads), outcome="delivered")
    assert await town.contacts() == [f"ann{lead}@example.com" for lead in sorted(leads)]
    assert town.journal.find("fetch.failed") == []


async def states(store: Store) -> dict[str, int]:
    return Counter(row.state for row in await store.submissions(limit=100))


@pytest.mark.parametrize("name", BEFALLING)
async def test_every_lead_arrives_once_under_each_recipe(store: Store, journal: Journal, name: str) -> None:
    fault = IN_THREE_CALLS.get(name, RECIPES[name].fault).model_copy(update={"vendor": "meta"})
    async with town(store, journal, deadline=DEADLINE) as here:
        await here.control.fault(fault)
        await here.announce(*LEADS)
        if name in LIFTED:
            await journal.seen(**LIFTED[name])
            assert await here.contacts() == []
            await here.control.lift()
        await all_arrive(here, *LEADS)
        if name not in LIFTED:
            (struck,) = await here.control.faults()
            assert struck["struck"] > 0
    assert await states(store) == {"mapped": len(LEADS)}


@pytest.mark.parametrize("name", VARIANTS)
async def test_every_lead_arrives_once_whatever_else_comes(store: Store, journal: Journal, name: str) -> None:
    async with town(store, journal, deadline=DEADLINE) as here:
        await here.control.fault(VARIANTS[name].model_copy(update={"vendor": "meta"}))
        await here.announce(*LEADS)
        await all_arrive(here, *LEADS)


@pytest.mark.parametrize(
    ("token", "kind"),
    [("bad-token", "credentials"), ("expired-token", "credentials"), ("noscope-token", "forbidden")],
)
async def test_a_token_that_is_refused_keeps_all_leads_and_asks_for_one_at_a_time(
    store: Store, journal: Journal, token: str, kind: str
) -> None:
    leads = (*LEADS, "704", "705", "706")  # five in a row that may not be read are the source's trouble
    async with town(store, journal, token=token) as here:
        await here.announce(*leads)
        await journal.seen("fetch.attempted", count=len(leads) + 6)
        assert {line["reason"] for line in journal.find("fetch.paused")} == {kind}
        assert await here.contacts() == []
        assert token not in str(journal.lines)
        assert journal.find("fetch.failed") == []
    assert await states(store) == {"awaiting_fetch": len(leads)}


async def test_calls_that_keep_to_the_vendors_quota_are_never_refused(store: Store, journal: Journal) -> None:
    leads = [str(number) for number in range(701, 713)]
    options = SandboxOptions(meta=MetaOptions(quota=RateLimit(limit=5, window=1)))
    async with town(store, journal, options=options, clock=SystemClock(), quota="{limit: 5, window: 1s}") as here:
        await here.announce(*leads)
        await all_arrive(here, *leads)
        assert Counter(call["status"] for call in await here.calls()) == {200: len(leads)}


async def test_a_quota_that_somebody_else_spends_delays_and_loses_nothing(store: Store, journal: Journal) -> None:
    leads = [str(number) for number in range(701, 718)]
    options = SandboxOptions(meta=MetaOptions(quota=RateLimit(limit=5, window=3_600)))
    async with town(store, journal, options=options, clock=HurriedClock()) as here:
        await here.announce(*leads)
        await all_arrive(here, *leads)
        assert 403 in {call["status"] for call in await here.calls()}
        assert {line["reason"] for line in journal.find("fetch.paused")} == {"quota"}


@pytest.mark.parametrize(("preset", "sample"), SAMPLES, ids=lambda one: getattr(one, "name", one))
async def test_every_vendors_sample_comes_with_its_answers(
    store: Store, journal: Journal, preset: str, sample: Sample
) -> None:
    async with town(store, journal) as here:
        app = httpx.ASGITransport(here.service.asgi)
        async with httpx.AsyncClient(transport=app, base_url="http://leads.test") as client:
            answer = await client.post(f"/hooks/{preset}", content=sample.body, headers=dict(sample.headers))
        assert answer.is_success, answer.text
        (expected,) = sample.expected["events"]
        await journal.seen("submission.ignored" if "ignored" in expected else "delivery.attempted")
    (row,) = await store.submissions(limit=10)
    assert (row.state, row.reason) == (
        ("ignored", expected["ignored"]) if "ignored" in expected else ("mapped", row.reason)
    )
    assert row.fetched is not None
    assert set(orjson.loads(row.fetched)) == set(sample.fetched or {})
