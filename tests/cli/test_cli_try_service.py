"""`try` tells the truth: its events are those of the samples, its calls those that the whole service sends."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic_core import to_json

from leadbridge.app import Service
from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.events import Json
from leadbridge.sandbox import COPPER_PATH, LEADCONNECTOR_PATH, CopperSeed, Sandbox, SandboxOptions
from leadbridge.sandbox.copper.catalog import Definition
from leadbridge.settings.loading import load_text
from leadbridge.settings.positions import read_document
from leadbridge.signing import sign
from leadbridge.sources.registry import PRESETS
from leadbridge.sources.samples import Sample as Case
from leadbridge.sources.samples import folder_of, samples_in
from leadbridge.store.base import Store
from leadbridge.trial import Sample, Trial, Wish, try_sample
from tests.cli.trying import run, tried
from tests.generated import ROOT
from tests.support.clock import ManualClock
from tests.support.journal import Journal

CASES = [(name, case) for name in PRESETS for case in samples_in(folder_of(name))]
OF_ONE_PRESET = """version: 1
sources: {NAME: {preset: NAME, verify: none}}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - {name: all, from: NAME, to: copper, on_no_match_key: create, lead: {message: fixed}}
"""
EXAMPLE = (ROOT / "config" / "leadbridge.yaml").read_text("utf-8")
ENVIRON = {
    "WEBSITE_TOKEN": "t0",
    "RELAY_PASSWORD": "p0",
    "TYPEFORM_SECRET": "s0",
    "PARTNER_SECRET": "whsec_cGFydG5lcg==",
    "COPPER_TOKEN": "a-token-of-copper",
    "LEADCONNECTOR_TOKEN": "pit-of-dallas",
}
WEBSITE = {"name": "ann lee", "email": "Ann@Example.com", "phone": "(415) 555-0177", "budget": "1200.50",
           "company": "Acme", "city": "Reno", "country": "USA", "interests": ["Buying", "Selling"]}  # fmt: skip
RELAY = {"first": "Bo", "last": "Day", "email": "bo@example.com", "phone": "+49 30 901820", "note": "call"}
ANSWERS: list[tuple[str, str, dict[str, Any]]] = [
    ("full_name", "short_text", {"type": "text", "text": "Cy Fox"}),
    ("email", "email", {"type": "email", "email": "cy@example.com"}),
    ("phone", "phone_number", {"type": "phone_number", "phone_number": "+14155550188"}),
    ("plan", "multiple_choice", {"type": "choice", "choice": {"label": "Growth"}}),
]
BODIES: dict[str, dict[str, Any]] = {
    "website": {"contact": WEBSITE},
    "relay": {"lead": RELAY, "campaign": {"name": "Spring"}},
    "typeform": {
        "event_type": "form_response",
        "form_response": {
            "token": "r1",
            "definition": {"fields": [{"id": ref, "ref": ref, "title": ref, "type": kind} for ref, kind, _ in ANSWERS]},
            "answers": [{**given, "field": {"id": ref, "ref": ref, "type": kind}} for ref, kind, given in ANSWERS],
        },
    },
    "partner": {"type": "lead", "data": {"name": "Di Roy", "email": "di@example.com", "phone": "415 555 0199"}},
}


def with_preset(name: str, *, fetching: bool = False) -> str:
    config = OF_ONE_PRESET.replace("NAME", name)
    return config.replace("verify: none", 'verify: none, fetch: {token: "${COPPER}"}') if fetching else config


@pytest.mark.parametrize(("preset", "case"), CASES, ids=[f"{name}/{case.name}" for name, case in CASES])
def test_every_shipped_sample_becomes_its_expected_event(folder: Path, preset: str, case: Case) -> None:
    config = with_preset(preset, fetching=case.fetched is not None)
    given: dict[str, Any] = {"source": preset, "headers": case.headers, "config": config}
    if case.fetched is not None:
        (folder / "fetched.json").write_text(json.dumps(case.fetched))
    if "events" not in case.expected:
        shown = tried(folder, case.body, **given)
        assert (shown["event"], shown["ignored"]) == (None, case.expected.get("ignored"))
        assert shown["unparseable"] == case.expected.get("unparseable")
        return
    for item, event in enumerate(case.expected["events"], start=1):
        shown = tried(folder, case.body, "--item", str(item), **given)
        assert shown["items"] == len(case.expected["events"])
        if "ignored" in event:
            assert (shown["event"], shown["ignored"]) == (None, event["ignored"])
            continue
        got = {name: shown["event"][name] for name in ("fields", "meta", "dedupe_id", "event_at")}
        expected = {name: value for name, value in event.items() if name != "types"}
        assert {name: value for name, value in got.items() if value not in (None, {})} == expected
        assert [route["outcome"] for route in shown["routes"]] == ["delivered"]


def test_the_senders_time_is_shown_where_it_is_trusted(folder: Path) -> None:
    case = next(case for case in samples_in(folder_of("typeform")) if case.name == "contact_and_choices")
    shown = run(folder, case.body, source="typeform", headers=case.headers, config=with_preset("typeform")).stdout
    moment = datetime.fromtimestamp(case.expected["events"][0]["event_at"] / 1000, UTC)
    (line,) = [line for line in shown.splitlines() if line.split()[:2] == ["event", "time"]]
    assert line.split()[2] == moment.isoformat()


class ToTheSandbox:
    """The service's way to the CRMs: into this process, with every call kept."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.calls: list[tuple[str, Call]] = []
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app))

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        self.calls.append((adapter.crm, call))
        base = f"http://sandbox{COPPER_PATH if adapter.crm == 'copper' else LEADCONNECTOR_PATH}"
        content = None if call.body is None else to_json(call.body)
        headers = {**adapter.headers(), "traceparent": trace_id}
        response = await self._client.request(
            call.method, base + call.path, params=dict(call.query) or None, headers=headers, content=content
        )
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=headers, body=response.json(), text=response.text)

    async def close(self) -> None:
        await self._client.aclose()


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    """Both CRMs, Copper's field `Plan` a text: which type a field has, `try` cannot know."""
    plan = Definition(id=100767, name="Plan", data_type="Text")
    seed = CopperSeed(account=ENVIRON["COPPER_TOKEN"], custom_field_definitions=(plan,))
    return Sandbox(SandboxOptions(quotas=False, seeds=(seed,)), clock)


@pytest.mark.parametrize("source", BODIES)
async def test_the_calls_are_those_that_the_service_sends(
    source: str, sandbox: Sandbox, store: Store, clock: ManualClock, journal: Journal
) -> None:
    body = json.dumps(BODIES[source]).encode()
    loaded = load_text(EXAMPLE, "leadbridge.yaml", ENVIRON)
    scheme, url = loaded.settings.sources[source].scheme, f"http://leads.test/hooks/{source}"
    proof = sign(scheme, method="POST", url=url, body=body, message_id="msg_1", now=clock.now())
    headers = {"content-type": "application/json", **proof}
    trial = await try_sample(
        loaded,
        read_document(EXAMPLE, file="leadbridge.yaml"),
        Sample(body=body, headers=headers),
        wish=Wish(source=source),
        clock=clock,
    )
    transport = ToTheSandbox(sandbox)
    log: Any = journal
    service = Service(loaded, store, clock=clock, transport=transport, dice=Random(1), log=log)
    app = httpx.ASGITransport(service.asgi)
    async with httpx.AsyncClient(transport=app, base_url="http://leads.test") as client:
        await service.start()
        assert (await client.post(f"/hooks/{source}", content=body, headers=headers)).status_code == 202
        for route in trial.routes:
            await journal.seen("delivery.attempted", destination=route.destination, outcome=str(route.outcome))
        await service.stop()
    known = dict(ids(sandbox, clock))
    for crm in ("copper", "leadconnector"):
        sent = [called(call) for its, call in transport.calls if its == crm]
        assert sent == [resolved(call, known) for call in printed(trial, crm)]
        assert any(method != "GET" for method, _, _ in sent)


def called(call: Call) -> tuple[str, str, Json]:
    query = "&".join(f"{name}={value}" for name, value in call.query.items())
    return call.method, f"{call.path}?{query}" if query else call.path, call.body


def printed(trial: Trial, crm: str) -> Iterator[tuple[str, str, Json]]:
    bases = {
        "copper": "https://api.copper.com/developer_api/v1",
        "leadconnector": "https://services.leadconnectorhq.com",
    }
    for route in trial.routes:
        for call in route.calls:
            if call.url.startswith(bases[crm]):
                yield call.method, call.url.removeprefix(bases[crm]), call.body


def ids(sandbox: Sandbox, clock: ManualClock) -> Iterator[tuple[str, Json]]:
    """What the sandbox's accounts have in the place of what `try` marks."""
    yield "<id of custom field 'Budget'>", 100765
    yield "<id of custom field 'Interests'>", 100766
    yield "<id of option 'Buying' of custom field 'Interests'>", 2082400
    yield "<id of option 'Selling' of custom field 'Interests'>", 2082401
    yield "<id of customer source 'Website'>", 331243
    yield "<id of customer source 'Referral'>", 331244
    state = sandbox.state()
    for what, crm, records in (("lead", "copper", "leads"), ("contact", "leadconnector", "contacts")):
        for account in state[crm].values():
            for record in account[records]:
                yield f"<id of the {what}>", record["id"]


def resolved(call: tuple[str, str, Json], known: dict[str, Json]) -> tuple[str, str, Json]:
    """A printed call with the account's own ids in their places; `Plan` has another one in each CRM."""
    method, path, body = call
    plan = "plan0Sandbox0Field04" if "/contacts" in path else 100767
    known = {**known, "<id of custom field 'Plan'>": plan}
    for mark, own in known.items():
        path = path.replace(mark, str(own))
    return method, path, _with(body, known)


def _with(value: Json, known: dict[str, Json]) -> Json:
    if isinstance(value, dict):
        return {key: _with(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_with(item, known) for item in value]
    return known.get(value, value) if isinstance(value, str) else value
