"""What vendors ask of a URL, through the real endpoint; and what strangers ask in their place."""

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from leadbridge.receive import MOST_HANDSHAKES_KEPT
from leadbridge.sources.handshakes import HANDSHAKES
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import ENVIRON, TOKEN, Running, running

KEY = TOKEN.encode()
CONFIG = (
    """
version: 1
server: {max_body: 10KiB}
sources:
  none: {preset: generic, verify: {scheme: token, secrets: ["${TOKEN}"]}}
  unsigned: {preset: generic, verify: none, handshake: {kind: linkedin}}
  tokenless: {preset: generic, verify: none, handshake: {kind: meta}}
  of_meta: {preset: meta, verify: {secrets: "${TOKEN}"}, handshake: {token: "${NEW}"}}
  of_linkedin: {preset: linkedin, verify: {secrets: "${TOKEN}"}}
  of_mailchimp: {preset: mailchimp, verify: {secrets: "${TOKEN}"}}
  of_surveymonkey: {preset: surveymonkey, verify: {secrets: "${TOKEN}"}}
  of_woocommerce: {preset: woocommerce, verify: {secrets: "${TOKEN}"}}
"""
    + "".join(
        f"""
  {kind}:
    preset: generic
    verify: {{scheme: hmac, header: x-signature, secrets: ["${{TOKEN}}", "${{PARTNER}}"]}}
    handshake: {{kind: {kind}, token: ["${{OLD}}", "${{NEW}}"]}}
"""
        for kind in HANDSHAKES
    )
    + """
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - {name: all, from: [none], to: copper, lead: {email: "{{ fields.email }}"}}
"""
)
TOKENS = {"OLD": "old-verify-token", "NEW": "new-verify-token"}


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    async with running(store, clock, journal, config=CONFIG, environ={**ENVIRON, **TOKENS}) as started:
        yield started


def digest(challenge: str) -> bytes:
    return hmac.digest(KEY, challenge.encode(), "sha256")


async def ask(service: Running, source: str, query: str = "", *, method: str = "GET", **more: Any) -> httpx.Response:
    return await service.client.request(method, f"/hooks/{source}{query}", **more)


META = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
UUID = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
ZOOM = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}, "event_ts": 1}
GRAPH = "Validation: Testing client application reachability for subscription Request-Id: 1df2a4e1-4b5e"

# source, query, method, json or None, text or JSON of the answer
GOOD: tuple[tuple[str, str, str, Any, str | dict[str, str]], ...] = (
    ("meta", f"{META}old-verify-token", "GET", None, "1158201444"),
    ("meta", f"{META}new-verify-token", "GET", None, "1158201444"),
    (
        "linkedin", f"?challengeCode={UUID}&applicationId=7", "GET", None,
        {"challengeCode": UUID, "challengeResponse": digest(UUID).hex()},
    ),
    ("twitter", "?crc_token=a.b-c_1", "GET", None, {
        "response_token": f"sha256={b64encode(digest('a.b-c_1')).decode()}",
    }),
    ("get", "", "GET", None, ""),
    ("get", "?anything=1", "GET", None, ""),
    ("head", "", "HEAD", None, ""),
    ("challenge", "", "POST", {"challenge": "3eZbrw1aB", "token": "t", "type": "url_verification"}, {
        "challenge": "3eZbrw1aB",
    }),
    ("challenge", "", "POST", {"challenge": "3eZbrw1aB"}, {"challenge": "3eZbrw1aB"}),
    ("zoom", "", "POST", ZOOM, {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": digest("qgg8vlvZRS6UYooatFL8Aw").hex(),
    }),
    ("microsoft-graph", f"?validationToken={GRAPH.replace(' ', '+')}", "POST", None, GRAPH),
    ("notion", "", "POST", {"verification_token": "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}, ""),
)  # fmt: skip


async def test_a_vendor_gets_the_answer_it_waits_for(service: Running) -> None:
    for source, query, method, body, expected in GOOD:
        answer = await ask(service, source, query, method=method, **({} if body is None else {"json": body}))
        assert answer.status_code == 200, source
        kind = "text/plain; charset=utf-8" if isinstance(expected, str) else "application/json"
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (answer.text if isinstance(expected, str) else answer.json()) == expected
    lines = service.journal.find("handshake.answered")
    assert [(line["source"], line["kind"]) for line in lines] == [(source, source) for source, *_ in GOOD]


async def test_asana_gets_its_header_back_and_woocommerce_its_200(service: Running, store: Store) -> None:
    asana = await ask(service, "asana", method="POST", headers={"x-hook-secret": "b537207f20cbfa02357cf448134da559"})
    assert (asana.status_code, asana.headers["x-hook-secret"]) == (200, "b537207f20cbfa02357cf448134da559")
    ping = await ask(service, "woocommerce", method="POST", data={"webhook_id": "42"})
    assert (ping.status_code, ping.content) == (200, b"")
    assert await store.submissions(limit=10) == ()


async def test_presets_bring_the_questions_of_their_vendors(service: Running) -> None:
    asked = {
        "of_meta": await ask(service, "of_meta", f"{META}new-verify-token"),
        "of_linkedin": await ask(service, "of_linkedin", f"?challengeCode={UUID}"),
        "of_mailchimp": await ask(service, "of_mailchimp", "?token=anything"),
        "of_surveymonkey": await ask(service, "of_surveymonkey", method="HEAD"),
        "of_woocommerce": await ask(service, "of_woocommerce", method="POST", data={"webhook_id": "42"}),
    }
    assert {source: answer.status_code for source, answer in asked.items()} == dict.fromkeys(asked, 200)
    assert asked["of_meta"].text == "1158201444"
    assert asked["of_linkedin"].json()["challengeResponse"] == digest(UUID).hex()


async def test_every_kind_is_asked_here(service: Running) -> None:
    assert {*(source for source, *_ in GOOD), "asana", "woocommerce"} == set(HANDSHAKES)


async def test_a_wrong_verify_token_is_refused(service: Running) -> None:
    wrong = ["", "wrong", "old-verify-toke", "old-verify-token%20", "%ff", "OLD-VERIFY-TOKEN"]
    for token in wrong:
        answer = await ask(service, "meta", META + token)
        assert answer.status_code == 401, token
        assert answer.headers["content-type"] == "application/problem+json"
        assert "1158201444" not in answer.text
    lines = service.journal.find("request.refused")
    assert [(line["reason"], line["status"]) for line in lines] == [("wrong_token", 401)] * len(wrong)


@pytest.mark.parametrize(("source", "query"), [("tokenless", f"{META}x"), ("unsigned", f"?challengeCode={UUID}")])
async def test_what_the_source_has_not_is_told_in_the_log(service: Running, source: str, query: str) -> None:
    answer = await ask(service, source, query)
    assert answer.status_code == 401
    (line,) = service.journal.find("request.refused")
    assert line["reason"] == "not_configured"


OTHERS = (
    ("none", "GET", "", "POST"),
    ("none", "HEAD", "", "POST"),
    ("none", "GET", "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x", "POST"),
    ("meta", "GET", "", "GET, POST"),
    ("meta", "GET", "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=old-verify-token", "GET, POST"),
    ("meta", "GET", "?hub.mode=subscribe&hub.verify_token=old-verify-token", "GET, POST"),
    ("meta", "HEAD", META + "old-verify-token", "GET, POST"),
    ("meta", "PUT", META + "old-verify-token", "GET, POST"),
    ("linkedin", "GET", "?challenge=1", "GET, POST"),
    ("head", "GET", "", "HEAD, POST"),
    ("get", "DELETE", "", "GET, POST"),
)


async def test_any_other_question_stays_405(service: Running) -> None:
    for source, method, query, allowed in OTHERS:
        answer = await ask(service, source, query, method=method)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), (source, method, query)


CHALLENGES = {
    "empty": "",
    "too long": "a" * 1_025,
    "markup": "<script>alert(1)</script>",
    "an entity": "a&#x3c;b",
    "quotes": '"',
    "a line break": "a\r\nSet-Cookie: x=1",
    "not ASCII": "ä",
    "bidi": "a\u202eb",
    "NUL": "a\0b",
}


@pytest.mark.parametrize("source", ["meta", "linkedin", "challenge", "zoom", "microsoft-graph"])
async def test_a_stranger_gets_nothing_odd_back(service: Running, store: Store, source: str) -> None:
    for name, challenge in CHALLENGES.items():
        verifying = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": "old-verify-token"}
        asked: dict[str, dict[str, Any]] = {
            "meta": {"params": verifying},
            "linkedin": {"params": {"challengeCode": challenge}},
            "challenge": {"method": "POST", "json": {"challenge": challenge}},
            "zoom": {"method": "POST", "json": {**ZOOM, "payload": {"plainToken": challenge}}},
            "microsoft-graph": {"method": "POST", "params": {"validationToken": challenge}},
        }
        answer = await ask(service, source, **asked[source])
        assert answer.status_code == 400, name
        assert answer.headers["content-type"] == "application/problem+json"
        assert not challenge or challenge not in answer.json()["detail"]
        assert "set-cookie" not in answer.headers
    assert await store.submissions(limit=10) == ()


SUBMISSIONS = (
    'hmacsha256={"lead": 1}',
    '{"email":"eve@example.com"}',
    "email=eve@example.com",
    "1796000000.{}",
    "v0:1796000000:{}",
    "a=b",
    "a b",
    "a%3Db=",
    "a" * 257,
)


@pytest.mark.parametrize("source", ["linkedin", "twitter", "zoom"])
async def test_nobody_gets_a_submission_signed_by_asking(service: Running, source: str) -> None:
    """The same secret signs submissions, so a challenge must be nothing that reads as one."""
    for challenge in SUBMISSIONS:
        if source == "zoom":
            answer = await ask(service, source, method="POST", json={**ZOOM, "payload": {"plainToken": challenge}})
        else:
            parameter = {"linkedin": "challengeCode", "twitter": "crc_token"}[source]
            answer = await ask(service, source, params={parameter: challenge})
        assert answer.status_code == 400, challenge
        assert digest(challenge).hex() not in answer.text


@pytest.mark.parametrize("source", ["linkedin", "twitter", "zoom"])
@pytest.mark.parametrize("word", [b"email", b"12345", b""])
async def test_a_word_that_was_signed_for_a_stranger_is_no_submission(
    service: Running, store: Store, source: str, word: bytes
) -> None:
    headers = {"x-signature": hmac.digest(KEY, word, "sha256").hex()}
    form = "application/x-www-form-urlencoded"
    answer = await ask(service, source, method="POST", content=word, headers={**headers, "content-type": form})
    assert answer.status_code == 401
    assert await store.submissions(limit=10) == ()


LIKE_HANDSHAKES: tuple[tuple[str, Any], ...] = (
    ("challenge", {"challenge": "our biggest", "email": "zoe@example.com"}),
    ("challenge", {"challenge": 5}),
    ("challenge", [{"challenge": "x"}]),
    ("zoom", {"event": "meeting.registration_created", "payload": {"plainToken": "x"}}),
    ("notion", {"verification_token": "x", "type": "page.created"}),
    ("woocommerce", {"webhook_id": "42", "email": "zoe@example.com"}),
    ("challenge", {"challenge": "x" * 5_000}),
)


async def test_a_submission_that_looks_like_a_handshake_needs_its_proof_and_is_kept(service: Running) -> None:
    for source, body in LIKE_HANDSHAKES:
        unsigned = await ask(service, source, method="POST", json=body)
        assert unsigned.status_code == 401, body
        content = json.dumps(body).encode()
        headers = {"x-signature": hmac.digest(KEY, content, "sha256").hex(), "content-type": "application/json"}
        signed = await ask(service, source, method="POST", content=content, headers=headers)
        assert signed.status_code == 202, body


async def test_notions_token_is_kept_for_a_person_to_read_and_only_a_few_of_them(
    service: Running, store: Store
) -> None:
    token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
    statuses = []
    for _ in range(MOST_HANDSHAKES_KEPT + 2):
        answer = await ask(service, "notion", method="POST", json={"verification_token": token})
        statuses.append(answer.status_code)
    assert statuses == [200] * MOST_HANDSHAKES_KEPT + [403, 403]
    rows = await store.submissions(limit=100)
    assert len(rows) == MOST_HANDSHAKES_KEPT
    assert {row.state for row in rows} == {"ignored"}
    request = await store.request(rows[0].request_id)
    assert request is not None
    assert token.encode() in request.body
    assert request.verified_by == "none"
    assert token not in str(service.journal.find("submission.ignored"))


async def test_nothing_is_stored_for_the_others(service: Running, store: Store) -> None:
    for source, query, method, body, _ in GOOD:
        if source != "notion":
            await ask(service, source, query, method=method, **({} if body is None else {"json": body}))
    assert await store.submissions(limit=10) == ()


async def test_a_lead_goes_its_way_beside_the_handshake(service: Running) -> None:
    content = b'{"email": "zoe@example.com"}'
    signature = hmac.digest(KEY, content, "sha256").hex()
    headers = {"x-signature": signature, "content-type": "application/json"}
    for kind in HANDSHAKES:
        answer = await ask(service, kind, method="POST", content=content, headers=headers)
        assert answer.status_code == 202, kind
