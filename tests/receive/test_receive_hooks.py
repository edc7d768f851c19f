"""What senders get: an answer that says the truth, and 2xx only for what is on disk."""

import hmac
import json
from collections.abc import AsyncIterator

import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.ids import new_trace_id
from leadbridge.settings.loading import load_text
from leadbridge.signing import sign
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, ENVIRON, TOKEN, Running, running

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'


SIGNED = """
  signed:
    preset: generic
    verify: {scheme: hmac, header: x-signature, separator: ",", secrets: ["${TOKEN}"]}
destinations:"""


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    async with running(store, clock, journal) as started:
        yield started


async def test_an_accepted_submission_is_on_disk_under_the_ids_of_the_reply(service: Running, store: Store) -> None:
    response = await service.post(LEAD)
    reply = response.json()
    assert (response.status_code, reply["status"]) == (202, "accepted")
    row = await store.submission(reply["id"])
    assert row is not None
    assert row.trace_id == reply["trace_id"]
    request = await store.request(row.request_id)
    assert request is not None
    assert (request.body, request.verified_by) == (LEAD, "token")


async def test_its_lead_reaches_the_crm_under_the_same_trace_id(service: Running) -> None:
    reply = (await service.post(LEAD)).json()
    (line,) = await service.journal.seen("delivery.attempted")
    assert (line["submission"], line["trace_id"], line["outcome"]) == (reply["id"], reply["trace_id"], "delivered")


async def test_secrets_of_the_request_are_not_stored(service: Running, store: Store) -> None:
    reply = (await service.post(LEAD, headers={"authorization": "Bearer hush", "cookie": "s=hush"})).json()
    row = await store.submission(reply["id"])
    assert row is not None
    request = await store.request(row.request_id)
    assert request is not None
    assert "hush" not in str(request)
    assert ENVIRON["TOKEN"] not in str(request)


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_a_header_that_comes_several_times_is_one_list_in_its_order(
    store: Store, clock: ManualClock, journal: Journal, at: int
) -> None:
    """RFC 9110, 5.2. Vendors that change a secret sign with both, and some write a header for each."""
    config = CONFIG.replace("\ndestinations:", SIGNED).replace("[website,", "[signed, website,")
    signatures = ["0" * 64] * 2
    signatures.insert(at, hmac.new(TOKEN.encode(), LEAD, "sha256").hexdigest())
    headers = [("content-type", "application/json"), *(("x-signature", one) for one in signatures)]
    async with running(store, clock, journal, config=config) as service:
        response = await service.client.post("/hooks/signed", content=LEAD, headers=headers)
        assert response.status_code == 202, response.text
        row = await store.submission(response.json()["id"])
        assert row is not None
        request = await store.request(row.request_id)
        assert request is not None
        assert request.headers["x-signature"] == ", ".join(signatures)


async def test_the_traceparent_of_a_proved_sender_is_taken_and_that_of_a_stranger_is_not(service: Running) -> None:
    trace_id = new_trace_id()
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    proved = (await service.post(LEAD, headers=headers)).json()
    stranger = (await service.post(LEAD, source="open", headers=headers)).json()
    assert proved["trace_id"] == trace_id
    assert stranger["trace_id"] != trace_id


async def test_a_repeated_message_is_a_duplicate_of_the_first(service: Running, clock: ManualClock) -> None:
    scheme = load_text(CONFIG, "c", ENVIRON).settings.sources["partner"].scheme
    body = json.dumps({"type": "lead", "data": {"name": "Ann", "email": "ann@example.com"}}).encode()

    async def send() -> dict[str, str]:
        signed = sign(scheme, method="POST", url="", body=body, message_id="msg_1", now=clock.now())
        answer: dict[str, str] = (await service.post(body, source="partner", headers=signed)).json()
        return answer

    first = await send()
    clock.advance(60)
    second = await send()
    assert (first["status"], second["status"]) == ("accepted", "duplicate")
    assert first["id"] == second["id"]


async def test_a_request_with_several_leads_is_answered_for_each(service: Running) -> None:
    two = json.dumps([{"email": "a@example.com"}, {"email": "b@example.com"}]).encode()
    reply = (await service.post(two)).json()
    assert [one["status"] for one in reply["submissions"]] == ["accepted", "accepted"]
    assert reply["id"] == reply["submissions"][0]["id"]
    lines = await service.journal.seen("delivery.attempted", count=2)
    assert {line["trace_id"] for line in lines} == {reply["trace_id"]}


async def test_what_is_no_lead_is_ignored_with_the_reason(service: Running, store: Store) -> None:
    reply = (await service.post(b"{}")).json()
    assert (reply["status"], reply["reason"]) == ("ignored", "the body holds no fields")
    row = await store.submission(reply["id"])
    assert row is not None
    assert row.state == "ignored"


async def test_a_broken_body_is_refused_with_the_place_and_kept_once(service: Running, store: Store) -> None:
    answers = [await service.post(b'{"name": "Ann", ') for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert answers[0].headers["content-type"] == "application/problem+json"
    problem = answers[0].json()
    assert "line 1, column 17" in problem["detail"]
    assert {answer.json()["id"] for answer in answers} == {problem["id"]}
    rows = await store.submissions(limit=10)
    assert sorted(row.state for row in rows) == ["duplicate", "duplicate", "failed"]


async def test_a_broken_body_under_another_type_is_kept_with_its_own_reason(service: Running, store: Store) -> None:
    body = b'{"name": "Ann", '
    as_json = (await service.post(body)).json()
    as_upload = (await service.post(body, headers={"content-type": "multipart/form-data"})).json()
    assert as_json["id"] != as_upload["id"]
    kept = await store.submission(as_upload["id"])
    assert kept is not None
    assert "boundary" in (kept.reason or "")


async def test_a_vendor_that_switches_hooks_off_gets_2xx_for_a_broken_body(
    service: Running, store: Store, clock: ManualClock
) -> None:
    scheme = load_text(CONFIG, "c", ENVIRON).settings.sources["typeform"].scheme
    body = b'{"event_type": '
    signed = sign(scheme, method="POST", url="", body=body, message_id="", now=clock.now())
    response = await service.post(body, source="typeform", headers=signed)
    assert response.status_code == 202
    row = await store.submission(response.json()["id"])
    assert row is not None
    assert (row.state, (row.reason or "").startswith("unparseable")) == ("failed", True)


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "status", "says"),
    [
        ("POST", "/hooks/nobody", {}, LEAD, 404, "no source of this name"),
        ("POST", "/elsewhere", {}, LEAD, 404, "/hooks/NAME"),
        ("GET", "/hooks/website", {}, b"", 405, "sent with POST"),
        ("POST", "/hooks/website", {"x-webhook-token": "wrong"}, LEAD, 401, "could not be verified"),
        ("POST", "/hooks/website", {"x-webhook-token": ""}, LEAD, 401, "could not be verified"),
        ("POST", "/hooks/website", {}, b"x" * 10_241, 413, "larger than 10240 bytes"),
        ("POST", "/hooks/website", {"content-type": "image/png"}, b"\x89PNG", 415, ""),
        ("POST", "/hooks/website", {"content-encoding": "gzip"}, b"\x1f\x8b", 415, "without `content-encoding: gzip`"),
    ],
)
async def test_what_cannot_be_taken_gets_a_problem_document_that_says_what_to_do(
    service: Running,
    store: Store,
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    status: int,
    says: str,
) -> None:
    given = {"content-type": "application/json", "x-webhook-token": ENVIRON["TOKEN"], **headers}
    response = await service.client.request(method, path, content=content, headers=given)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert says in problem["detail"]
    assert await store.submissions(limit=10) == ()


async def test_a_body_without_a_length_is_bounded_too(service: Running) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1024

    headers = {"content-type": "application/json", "x-webhook-token": ENVIRON["TOKEN"]}
    response = await service.client.post("/hooks/website", content=pieces(), headers=headers)
    assert response.status_code == 413


async def test_the_reason_of_a_refusal_is_logged_and_not_told(service: Running) -> None:
    response = await service.post(LEAD, token="wrong")
    (line,) = service.journal.find("request.refused")
    assert (line["reason"], line["status"]) == ("wrong_token", 401)
    assert "wrong_token" not in response.text


async def test_without_a_commit_there_is_no_2xx(
    service: Running, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_request: object) -> None:
        raise StorageUnavailable("the disk is full")

    monkeypatch.setattr(store, "accept", full)
    for body in (LEAD, b"broken"):
        response = await service.post(body)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert "was not taken" in response.json()["detail"]


async def test_probes_answer(service: Running) -> None:
    assert (await service.client.get("/healthz")).status_code == 200
    assert (await service.client.get("/readyz")).status_code == 200


async def test_a_slash_at_the_end_of_the_url_makes_no_difference(service: Running) -> None:
    headers = {"content-type": "application/json", "x-webhook-token": ENVIRON["TOKEN"]}
    response = await service.client.post("/hooks/website/", content=LEAD, headers=headers)
    assert response.status_code == 202


async def test_it_is_not_ready_while_nothing_can_be_stored(
    service: Running, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise StorageUnavailable("the disk reserve is reached")

    monkeypatch.setattr(store, "check", full)
    response = await service.client.get("/readyz")
    assert response.status_code == 503
    assert "disk reserve" in response.json()["detail"]
    assert (await service.client.get("/healthz")).status_code == 200


async def test_a_full_disk_is_said_now_and_then_and_not_for_every_request(
    service: Running, store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_request: object) -> None:
        raise StorageUnavailable("the disk is full")

    monkeypatch.setattr(store, "accept", full)
    for _ in range(5):
        await service.post(LEAD)
    assert len(service.journal.find("storage.unavailable")) == 1
    clock.advance(11)
    await service.post(LEAD)
    assert len(service.journal.find("storage.unavailable")) == 2
