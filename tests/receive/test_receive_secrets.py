"""Secrets that senders put into bodies and URLs are in no file of the database, in no line of the log, in no lead."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import httpx
import pytest

from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import ENVIRON, Running, running

SECRET = "pl4nted/s3cret key=%&+é"[:-1]  # every character that some writer escapes
OLD = "pl4nted-from-before"
CONFIG = """
version: 1
sources:
  google: {preset: google-ads, verify: {secrets: ["${SECRET}", "${OLD}"]}}
  google_unsigned: {preset: google-ads, verify: none}
  google_token: {preset: google-ads, verify: {scheme: token, secrets: "${TOKEN}"}}
  wufoo: {preset: wufoo, verify: {secrets: ["${SECRET}", "${OLD}"]}}
  mailchimp: {preset: mailchimp, verify: {secrets: ["${SECRET}", "${OLD}"]}}
  jotform: {preset: jotform, verify: {scheme: url, secrets: ["${SECRET}", "${OLD}"]}}
  open: {preset: generic, verify: none}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - name: all
    from: [google, google_unsigned, google_token, wufoo, mailchimp, jotform, open]
    to: copper
    lead: {email: "{{ fields.email or fields.EMAIL or fields.Field2 or fields.q3_email }}", name: "{{ raw }}"}
"""
URL = quote(SECRET, safe="")
GOOGLE = {
    "lead_id": "TeSter-123", "form_id": 1, "api_version": "1.0", "google_key": SECRET,
    "user_column_data": [
        {"column_id": "EMAIL", "string_value": "zoe@example.com", "column_name": "Email"},
        {"column_id": "NOTE", "string_value": f"see https://x.example/?k={URL}", "column_name": "Note"},
    ],
}  # fmt: skip
JOTFORM = {
    "formID": "1", "submissionID": "6190000000000000001", "webhookURL": f"https://leads.test/hooks/jotform?token={URL}",
    "rawRequest": json.dumps({
        "q3_email": "zoe@example.com", "path": f"/hooks/jotform?token={URL}", "key": SECRET,
    }).replace("/", "\\/"),
}  # fmt: skip
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=xYx"


def multipart(fields: dict[str, str]) -> bytes:
    lines = [
        f'--xYx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    return "".join([*lines, "--xYx--\r\n"]).encode()


# source, query, content type, body
SENT: tuple[tuple[str, str, str, bytes], ...] = (
    ("google", "", JSON, json.dumps(GOOGLE).encode()),
    ("google", "", JSON, json.dumps({**GOOGLE, "lead_id": "2", "google_key": OLD}).replace("/", "\\/").encode()),
    ("google_unsigned", "", JSON, json.dumps({**GOOGLE, "lead_id": "3"}).encode()),
    ("google_token", f"?key={URL}", JSON, json.dumps({**GOOGLE, "lead_id": "4"}).encode()),
    ("wufoo", "", FORM, urlencode({"EntryId": "1", "Field2": "zoe@example.com", "HandshakeKey": SECRET}).encode()),
    ("wufoo", "", FORM, urlencode(
        {"EntryId": "2", "Field2": "zoe@example.com", "HandshakeKey": OLD, "Field3": f"x {SECRET} y"}, quote_via=quote,
    ).encode()),
    ("mailchimp", f"?token={quote_plus(SECRET)}", FORM, urlencode(
        {"type": "subscribe", "fired_at": "2026-11-30 08:00:00", "data[email]": "zoe@example.com", "data[id]": "8a",
         "data[merges][EMAIL]": "zoe@example.com", "data[merges][NOTE]": SECRET}
    ).encode()),
    ("jotform", f"?a=b&token={URL}", MULTIPART, multipart(JOTFORM)),
    ("open", f"?token={URL}&api_key={URL}", JSON, b'{"email": "zoe@example.com"}'),
)  # fmt: skip
REFUSED: tuple[tuple[str, str, str, bytes], ...] = (
    ("google", f"?google_key={URL}", JSON, json.dumps({**GOOGLE, "google_key": f"{SECRET}x"}).encode()),
    ("google", "", JSON, json.dumps(GOOGLE).encode()[:-9]),
    ("wufoo", f"?HandshakeKey={URL}", FORM, b"EntryId=1"),
    ("mailchimp", f"?token={URL}x", FORM, b"type=subscribe"),
    ("nobody", f"?token={URL}", JSON, b"{}"),
)


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    environ = {**ENVIRON, "SECRET": SECRET, "OLD": OLD}
    async with running(store, clock, journal, config=CONFIG, environ=environ) as started:
        yield started


async def post(service: Running, source: str, query: str, content_type: str, body: bytes) -> httpx.Response:
    called = f"/hooks/{source}{query}"
    headers = {
        "content-type": content_type, "referer": f"https://leads.test{called}", "x-webhook-token": ENVIRON["TOKEN"],
    }  # fmt: skip
    return await service.client.post(called, content=body, headers=headers)


async def test_no_secret_is_in_the_database_in_the_log_or_in_a_lead_and_every_lead_is_read(
    service: Running, store: Store, tmp_path: Path
) -> None:
    for one in SENT:
        answer = await post(service, *one)
        assert answer.is_success, (one, answer.text)
    for one in REFUSED:
        answer = await post(service, *one)
        assert answer.status_code in {401, 404}, one
        assert "s3cret" not in answer.text
    lines = await service.journal.seen("delivery.attempted", count=len(SENT))
    assert {line["outcome"] for line in lines} == {"delivered"}
    written = "".join(str(call) for call in calls(service))
    assert "zoe@example.com" in written
    files = database(tmp_path)
    assert b"zoe@example.com" in files
    for place in (files, written.encode(), repr(service.journal.lines).encode()):
        for part in (b"pl4nted", b"s3cret"):
            assert part not in place
    states = {row.state for row in await store.submissions(limit=100)}
    assert states == {"mapped"}


def database(folder: Path) -> bytes:
    """Every byte of its files, the log of the last commits too."""
    return b"".join(file.read_bytes() for file in folder.glob("leadbridge.db*"))


def calls(service: Running) -> list[Any]:
    """What the CRM was sent."""
    return [(call.path, call.body) for call in service.transport.calls]


async def test_what_is_stored_is_what_came_but_for_the_secrets(service: Running, store: Store) -> None:
    google, wufoo, jotform = SENT[0], SENT[4], SENT[7]
    for one in (google, wufoo, jotform):
        answer = (await post(service, *one)).json()
        rows = await store.submissions(limit=1)
        request = await store.request(rows[0].request_id)
        assert request is not None, answer
        way = {"google": json.dumps(SECRET)[1:-1], "wufoo": quote_plus(SECRET), "jotform": URL}[one[0]]
        expected = one[3].replace(way.encode(), b"***")
        if one[0] == "jotform":
            assert len(request.body) < len(one[3])
            assert request.url == "http://leads.test/hooks/jotform?a=b&token=***"
            assert request.headers["referer"] == "https://leads.test/hooks/jotform?a=b&token=***"
            assert b'"path": "***"' in request.body or b"token=***" in request.body
        elif one[0] == "google":
            assert request.body == expected.replace(URL.encode(), b"***")
        else:
            assert request.body == expected
