"""Secrets are nowhere after a whole day of successes and failures; the person is in the database and nowhere else."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from leadbridge.cli import app
from tests.cli.life import SHARED_PHONE, Life
from tests.cli.site import SECRETS

STRANGERS = {"a wrong token": "planted-wrong-token", "a query": "planted-in-a-query"}
PEOPLE = (
    "zoe@example.com", "lena@", "sam@", "fay@", "rita@", "mo@", "pat@", "nina@", "uma@",
    "Lena", "Rita", "Patricia", "Nina", "Uma", SHARED_PHONE, "call me", "a lot",
)  # fmt: skip


@pytest.fixture(scope="module")
def attacked(life: Life) -> Life:
    """After what strangers do, too: a wrong token, a secret in the URL, a body that is not theirs."""
    headers = {"x-webhook-token": STRANGERS["a wrong token"], "authorization": "Basic cGxhbnRlZDpwbGFudGVk"}
    for source in ("website", "relay", "typeform", "partner", "nobody"):
        url = f"{life.site.url}/hooks/{source}?key={STRANGERS['a query']}"
        assert httpx.post(url, headers=headers, content=b"name=Uma+Planted&email=uma@example.com").status_code >= 400
    life.site.service.events("request.refused", source="nobody")
    return life


def test_the_log_names_no_secret_and_no_person(attacked: Life) -> None:
    log = "\n".join(json.dumps(line, ensure_ascii=False) for line in attacked.site.service.log)
    events = {line["event"] for line in attacked.site.service.log}
    assert {"submission.accepted", "submission.failed", "request.refused", "delivery.attempted"} <= events
    found = [planted for planted in (*SECRETS.values(), *STRANGERS.values(), *PEOPLE) if planted in log]
    assert found == []


def test_no_command_shows_a_secret(attacked: Life) -> None:
    environ = attacked.site.environ
    commands = [["list"], ["list", "--format", "json"]]
    for reply in attacked.replies.values():
        commands += [["trace", reply["trace_id"]], ["trace", reply["trace_id"], "--format", "json"]]
    shown = "".join(CliRunner().invoke(app, command, env=environ).output for command in commands)
    assert "lena@example.com" in shown
    assert [planted for planted in (*SECRETS.values(), *STRANGERS.values()) if planted in shown] == []


def test_a_trial_shows_no_secret(attacked: Life) -> None:
    folder, environ = attacked.site.folder, attacked.site.environ
    body, headers = folder / "tried.json", folder / "tried.headers"
    body.write_text(json.dumps({"name": "Lena", "email": "lena@example.com", "phone": SHARED_PHONE}))
    lines = ["Content-Type: application/json"]
    for name in ("X-Webhook-Token", "Authorization", "Cookie", "Webhook-Signature", "Typeform-Signature", "X-Api-Key"):
        lines += [f"{name}: {secret}" for secret in SECRETS.values()]
    headers.write_text("\n".join(lines))
    options = ["--config", str(folder / "site.yaml"), "--body", str(body)]
    shown = ""
    for source in ("website", "relay", "typeform", "partner", "open"):
        for more in ([], ["--headers", str(headers)], ["--existing"]):
            for output in ("text", "json"):
                command = ["try", source, *options, *more, "--format", output]
                shown += CliRunner().invoke(app, command, env=environ).output
    assert "lena@example.com" in shown
    assert "x-pw-accesstoken" in shown
    assert "authorization" in shown
    assert [planted for planted in SECRETS.values() if planted in shown] == []


def test_the_database_holds_the_person_and_no_secret(attacked: Life) -> None:
    stored = b"".join(file.read_bytes() for file in attacked.site.folder.glob("leadbridge.db*"))
    assert b"lena@example.com" in stored
    assert [planted for planted in (*SECRETS.values(), *STRANGERS.values()) if planted.encode() in stored] == []
