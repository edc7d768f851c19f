"""The traps in what senders make of an answer, and in what they send twice, at the real endpoint."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.sources.registry import PRESETS
from leadbridge.store.base import Store
from tests.sources.starting import services
from tests.sources.traps import FORM, JSON, form_body, json_body
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import Running

SECRET = "a-long-random-text-in-the-url"
SIGNED = '{secrets: ["${SECRET}"]}'
IN_THE_URL = '{scheme: url, parameter: token, secrets: ["${SECRET}"]}'
CONFIG = """
version: 1
server: {public_url: "https://leads.example.com"}
sources:
  here: {preset: PRESET, verify: VERIFY}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - name: here to copper
    from: here
    to: copper
    lead: {name: "{{ fields.name or 'Nobody' }}", email: "{{ fields.email }}", phone: "{{ fields.phone | e164('US') }}"}
"""
LEAD = {"name": "Ann Lee", "email": "ann@example.com"}
FLAT = form_body(LEAD)
UNBOUNCE = form_body({"page_id": "p1", "data.json": json.dumps({name: [value] for name, value in LEAD.items()})})


class Start(Protocol):
    """Starts a service whose one source, `here`, is of this preset."""

    async def __call__(self, preset: str, verify: str = "none") -> Running: ...


@pytest.fixture
async def start(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Start]:
    async with services(store, clock, journal, secret=SECRET) as serve:

        async def started(preset: str, verify: str = "none") -> Running:
            return await serve(CONFIG.replace("PRESET", preset).replace("VERIFY", verify))

        yield started


async def status_of(service: Running, body: bytes, headers: Mapping[str, str] = JSON) -> str:
    """What became of one submission, whatever the vendor wants to read in the answer."""
    before = len(service.journal.lines)
    response = await service.client.post("/hooks/here", content=body, headers=dict(headers))
    assert response.is_success, response.text
    (said,) = [line["event"] for line in service.journal.lines[before:] if line["event"].startswith("submission.")]
    return str(said).removeprefix("submission.")


@pytest.mark.parametrize(
    "preset", ["typeform", "activecampaign", "callrail", "wix", "shopify", "woocommerce", "stripe"]
)
async def test_a_broken_body_never_gets_an_answer_that_switches_the_hook_off(
    start: Start, store: Store, preset: str
) -> None:
    """Typeform goes by 404 and 410, ActiveCampaign by 410; CallRail and ActiveCampaign send nothing twice."""
    service = await start(preset)
    response = await service.client.post("/hooks/here", content=b'{"form_response": ', headers=JSON)
    assert response.status_code not in (404, 410)
    if PRESETS[preset].on_unparseable == "accept":
        assert 200 <= response.status_code < 300
    (row,) = await store.submissions(limit=10)
    assert row.state == "failed"


async def test_an_answer_waits_for_the_disk_and_for_no_crm(start: Start, store: Store) -> None:
    """Wix waits 1,250 ms and Klaviyo 5 s, a CRM may take longer: here it does not answer at all."""
    service = await start("zapier")
    service.transport.gate.clear()
    assert await status_of(service, json_body(LEAD)) == "accepted"
    await service.transport.called(1)
    (row,) = await store.submissions(limit=10)
    assert row.state in ("received", "mapped")
    service.transport.gate.set()
    await service.journal.seen("delivery.attempted")


@pytest.mark.parametrize("preset", ["elementor", "wordpress-forms"])
async def test_a_visitor_sees_no_error_of_ours(start: Start, preset: str) -> None:
    """These plugins show whoever sent the form an error for any other status."""
    service = await start(preset)
    answer = await service.client.post("/hooks/here", content=b'{"broken": ', headers=JSON)
    assert answer.is_success


@pytest.mark.parametrize(
    ("preset", "body", "headers"),
    [
        ("webflow", json_body({"triggerType": "form_submission", "payload": {"id": "1", "data": LEAD}}), JSON),
        ("unbounce", UNBOUNCE, FORM),
    ],
)
async def test_who_counts_200_alone_as_a_success_gets_it_for_a_broken_body_too(
    start: Start, preset: str, body: bytes, headers: Mapping[str, str]
) -> None:
    service = await start(preset)
    for content in (body, b'{"payload": '):
        answer = await service.client.post("/hooks/here", content=content, headers=dict(headers))
        assert answer.status_code == 200, content


async def test_woocommerces_unsigned_test_is_answered_and_nothing_is_made_of_it(start: Start, store: Store) -> None:
    """An error counts towards the five after which the webhook is disabled."""
    service = await start("woocommerce", SIGNED)
    tested = await service.client.post("/hooks/here", content=b"webhook_id=3", headers=FORM)
    more = await service.client.post("/hooks/here", content=b"webhook_id=3&email=ann%40example.com", headers=FORM)
    assert (tested.status_code, more.status_code) == (200, 401)
    assert await store.submissions(limit=10) == ()


GOOGLE = {"lead_id": "l1", "form_id": 1, "user_column_data": [{"column_id": "EMAIL", "string_value": "a@example.com"}]}


async def test_google_gets_200_and_an_empty_object(start: Start) -> None:
    service = await start("google-ads", SIGNED)
    body = json_body(GOOGLE | {"google_key": SECRET})
    answers = [await service.client.post("/hooks/here", content=body, headers=JSON) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"{}")] * 2


async def test_google_sends_again_after_5xx_so_that_is_what_a_full_disk_says(
    start: Start, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await start("google-ads", SIGNED)

    async def full(*_: object) -> None:
        raise StorageUnavailable("the disk is full")

    monkeypatch.setattr(store, "accept", full)
    body = json_body(GOOGLE | {"google_key": SECRET})
    answer = await service.client.post("/hooks/here", content=body, headers=JSON)
    assert answer.status_code == 503


@pytest.mark.parametrize(
    ("preset", "body"),
    [("elementor", FLAT), ("unbounce", UNBOUNCE), ("wordpress-forms", FLAT), ("zapier", FLAT)],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_without_an_id_the_same_content_counts_once_for_a_while(
    start: Start, clock: ManualClock, preset: str, body: bytes
) -> None:
    clock.wall = time.time_ns() // 1_000_000  # ids are made by the machine's own
    service = await start(preset)
    window = PRESETS[preset].dedupe_window
    assert window > 0
    assert await status_of(service, body, FORM) == "accepted"
    clock.advance(window / 2)
    assert await status_of(service, body, FORM) == "duplicate"
    assert await status_of(service, body.replace(b"ann%40", b"bea%40"), FORM) == "accepted"
    clock.advance(window + 1)
    assert await status_of(service, body, FORM) == "accepted"


async def test_formbricks_sends_one_response_three_times_and_it_is_one_lead(start: Start) -> None:
    service = await start("formbricks")
    data = {"id": "r1", "surveyId": "s1", "createdAt": "2026-11-20T14:03:21.000Z", "data": {"q1": "ann@example.com"}}
    said = []
    for event in ("responseCreated", "responseUpdated", "responseFinished"):
        body = json_body({"webhookId": "w1", "event": event, "data": data | {"finished": event == "responseFinished"}})
        said.append(await status_of(service, body))
    assert said.count("accepted") == 1


async def test_a_calendly_reschedule_is_a_cancellation_and_one_lead(start: Start) -> None:
    service = await start("calendly")
    old, new = (f"https://api.calendly.com/scheduled_events/e/invitees/{name}" for name in ("old", "new"))
    person = {"name": "Ann Lee", "email": "ann@example.com"}
    canceled = {"uri": old, "rescheduled": True, "new_invitee": new, "status": "canceled", **person}
    created = {"uri": new, "old_invitee": old, "rescheduled": False, "status": "active", **person}
    at = {"created_at": "2026-11-20T14:03:21.000000Z"}
    pair = [
        {"event": "invitee.canceled", "payload": canceled, **at},
        {"event": "invitee.created", "payload": created, **at},
    ]
    assert [await status_of(service, json_body(one)) for one in pair] == ["ignored", "accepted"]


def hubspot(object_id: int) -> dict[str, object]:
    return {
        "eventId": 100, "subscriptionId": 7, "portalId": 33, "appId": 1160452, "occurredAt": 1_699_999_999_000,
        "subscriptionType": "contact.creation", "attemptNumber": 0, "objectId": object_id, "changeSource": "CRM",
    }  # fmt: skip


async def post_hubspot(service: Running, clock: ManualClock, body: bytes) -> str:
    """Signed for the public URL, while the request itself comes from a proxy with another host and no TLS."""
    signed = b"POSThttps://leads.example.com/hooks/here" + body + str(clock.now()).encode()
    digest = base64.b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
    proof = {"x-hubspot-signature-v3": digest, "x-hubspot-request-timestamp": str(clock.now())}
    return await status_of(service, body, {**JSON, **proof})


async def test_hubspots_event_ids_are_not_unique(start: Start, clock: ManualClock) -> None:
    service = await start("hubspot", SIGNED)
    assert await post_hubspot(service, clock, json_body([hubspot(1)])) == "accepted"
    assert await post_hubspot(service, clock, json_body([hubspot(2)])) == "accepted"
    assert await post_hubspot(service, clock, json_body([hubspot(2)])) == "duplicate"


async def test_linkedins_challenge_is_answered_each_time_it_comes(start: Start) -> None:
    """Every two hours, within three seconds; three failures block the hook."""
    service = await start("linkedin", SIGNED)
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    for _ in range(3):
        answer = await service.client.get("/hooks/here", params={"challengeCode": code})
        assert answer.status_code == 200
        response = hmac.digest(SECRET.encode(), code.encode(), "sha256").hex()
        assert answer.json() == {"challengeCode": code, "challengeResponse": response}


async def test_jotforms_body_repeats_the_url_and_its_secret_is_not_kept(start: Start, store: Store) -> None:
    service = await start("jotform", IN_THE_URL)
    url = f"https://leads.example.com/hooks/here?token={SECRET}"
    raw = {"q4_email": "ann@example.com", "webhookURL": url, "jsExecutionTracker": "x"}
    parts = {"formID": "1", "submissionID": "2", "webhookURL": url, "rawRequest": json.dumps(raw).replace("/", "\\/")}
    written = [f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in parts.items()]
    body = ("\r\n".join(written) + "\r\n--XX--\r\n").encode()
    answer = await service.client.post(
        f"/hooks/here?token={SECRET}", content=body, headers={"content-type": "multipart/form-data; boundary=XX"}
    )
    assert answer.status_code == 202, answer.text
    row = await store.submission(answer.json()["id"])
    assert row is not None
    request = await store.request(row.request_id)
    assert request is not None
    assert SECRET not in str(request)
