"""Under every fault, three leads end in the right state and in one record each: none lost, none doubled."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import httpx
import pytest

from leadbridge.app import Service
from leadbridge.deliver.transport import HttpTransport
from leadbridge.sandbox import COPPER_PATH, LEADCONNECTOR_PATH, Delay, Drip, Fault, Html, Malformed, Status
from leadbridge.sandbox.recipes import RECIPES
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal

from .serving import served

pytestmark = pytest.mark.whole

DEADLINE = 0.4  # seconds; an ordinary call that takes longer on a busy machine is sent again, which changes no end
PEOPLE = ("Ann Lee", "Bo Ray", "Cy Fox")
LEADS = len(PEOPLE)
CONFIG = f"""
version: 1
sources:
  website: {{preset: generic, verify: none}}
destinations:
  copper:
    crm: copper
    access_token: acme
    user_email: ops@example.com
    base_url: "${{SANDBOX}}{COPPER_PATH}"
  leadconnector:
    crm: leadconnector
    location_id: LOC1
    token: pit-1
    base_url: "${{SANDBOX}}{LEADCONNECTOR_PATH}"
routes:
  - from: website
    to: CRM
    lead: {{name: "{{{{ fields.name }}}}", email: "{{{{ fields.email }}}}"}}
    tags: {{add: [website]}}
"""
ALL_GOOD = {"delivered": LEADS}
ONE_FAILED = {"delivered": LEADS - 1, "failed": 1}
WARNED = {"delivered_with_warnings": LEADS}
NOT_GOOD = {"refused-but-done": ONE_FAILED, "lost-tags": WARNED}
# What lasts until somebody lifts it, and what is told before.
LIFTED: dict[str, dict[str, Any]] = {
    "outage": {"event": "delivery.attempted", "outcome": "retrying"},
    "locked-out": {"event": "lane.held", "reason": "bad_credentials"},
}
SHORTER = {  # as much less than their own as the deadline here is
    "no-answer": Fault(action=Delay(seconds=1.5 * DEADLINE, commit=True), times=1),
    "slow": Fault(action=Delay(seconds=0.03 * DEADLINE)),
    "dripping": Fault(action=Drip(piece=50, pause=0.001)),
}

VARIANTS = {
    "503, done all the same": Fault(action=Status(status=503, commit=True), times=2),
    "520 of a proxy": Fault(action=Status(status=520), times=2),
    "a page instead of a good answer": Fault(action=Html(status=200, commit=True), times=2),
    "a page, done all the same": Fault(action=Html(commit=True), times=2),
    "too late and not done before": Fault(action=Delay(seconds=1.5 * DEADLINE), times=1),
    "no body": Fault(action=Malformed(shape="empty"), times=2),
    "null": Fault(action=Malformed(shape="null"), times=2),
    "plain words": Fault(action=Malformed(shape="text"), times=2),
    "no gzip": Fault(action=Malformed(shape="not_gzip"), times=2),
    "bytes that come too slowly": Fault(action=Drip(pause=0.1), times=1),
    "no byte at all": Fault(action=Drip(pause=0, stop_after=0), times=1),
}


class HurriedClock(ManualClock):
    """Time jumps over every pause."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(None if seconds is None else 0.002):
                await event.wait()
        except TimeoutError:
            self.advance(seconds or 0)
        return event.is_set()


async def ends(
    store: Store, journal: Journal, crm: str, fault: Fault, *, lift_after: dict[str, Any] | None = None
) -> tuple[Any, int]:
    """How many deliveries ended in which state, and how many records there are."""
    async with served() as (client, control):
        log: Any = journal
        environ = {"SANDBOX": str(client.base_url).rstrip("/")}
        transport = HttpTransport(deadline=DEADLINE)
        service = Service(
            load_text(CONFIG.replace("CRM", crm), "tests.yaml", environ),
            store, clock=HurriedClock(), transport=transport, dice=Random(1), log=log,
        )  # fmt: skip
        await control.fault(fault)
        await service.start()
        submissions = [await post(service, name) for name in PEOPLE]
        if lift_after is not None:
            await journal.seen(**lift_after)
            await control.lift()
        for submission in submissions:
            await settled(journal, submission)
        await service.stop()
        await transport.close()
        deliveries = await store.deliveries_of(submissions)
        states = Counter(delivery.state for listed in deliveries.values() for delivery in listed)
        accounts = (await control.state())[crm].values()
        return dict(states), sum(len(account["leads" if crm == "copper" else "contacts"]) for account in accounts)


async def post(service: Service, name: str) -> str:
    app = httpx.ASGITransport(service.asgi)
    async with httpx.AsyncClient(transport=app, base_url="http://leads.test") as client:
        email = f"{name.replace(' ', '.').lower()}@example.com"
        answer = await client.post("/hooks/website", json={"name": name, "email": email})
        submission: str = answer.json()["id"]
        return submission


async def settled(journal: Journal, submission: str) -> None:
    """Wait for the try after which there is none."""
    tries, again = 1, ("retrying", "pending")
    while (await journal.seen("delivery.attempted", count=tries, submission=submission))[-1]["outcome"] in again:
        tries += 1


@pytest.mark.parametrize("crm", ["copper", "leadconnector"])
@pytest.mark.parametrize("name", RECIPES)
async def test_each_recipe_ends_as_it_says(store: Store, journal: Journal, crm: str, name: str) -> None:
    fault = SHORTER.get(name, RECIPES[name].fault)
    states, records = await ends(store, journal, crm, fault, lift_after=LIFTED.get(name))

    assert states == NOT_GOOD.get(name, ALL_GOOD)
    assert records == LEADS


@pytest.mark.parametrize("name", VARIANTS)
async def test_each_way_to_go_wrong_ends_in_one_record_for_each_lead(store: Store, journal: Journal, name: str) -> None:
    assert await ends(store, journal, "copper", VARIANTS[name]) == (ALL_GOOD, LEADS)
