"""`try`, up to the proof: how the sample is read, whether its sender is proved, and what cannot be tried."""

import hashlib
from pathlib import Path

import pytest

from leadbridge.clock import SystemClock
from leadbridge.settings.loading import load_text
from leadbridge.signing import sign
from tests.cli.trying import ANN, CONFIG, ENVIRON, SECRETS, run, tried

JSON = {"content-type": "application/json"}
PARTNERS = b'{"type": "lead", "data": {"name": "Ann Lee", "email": "ann@example.com"}}'


def signed(body: bytes, *, ago: int = 0) -> dict[str, str]:
    """The partner's headers, signed so many seconds ago."""
    scheme = load_text(CONFIG, "site.yaml", ENVIRON).settings.sources["partner"].scheme
    now = SystemClock().now() - ago * 1000
    proof = sign(scheme, method="POST", url="", body=body, message_id="msg_1", now=now)
    return {**JSON, **proof}


def test_the_content_type_is_guessed_and_that_is_said(folder: Path) -> None:
    assert tried(folder, ANN)["receive"] == {
        "method": "POST",
        "url": "http://127.0.0.1:8080/hooks/website",
        "content_type": "application/json",
        "content_type_guessed": True,
        "size": len((folder / "lead.json").read_bytes()),
        "refused": None,
    }
    assert "application/json (guessed; `--headers FILE` says what the sender does)" in run(folder, ANN).stdout


def test_a_form_is_read_as_one(folder: Path) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    shown = tried(folder, b"name=Ann+Lee&email=ann%40example.com", headers=form)
    assert shown["event"]["fields"] == {"name": "Ann Lee", "email": "ann@example.com"}
    assert shown["receive"]["content_type_guessed"] is False


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: application/json\nX-Webhook-Token: planted-sender-token\n\nIdempotency-Key: 7\n",
        '{"Content-Type": ["application/json"], "X-Webhook-Token": "planted-older-token", "Idempotency-Key": "7"}',
    ],
    ids=["lines", "JSON"],
)
def test_headers_are_lines_or_json_and_every_secret_proves(folder: Path, headers: str) -> None:
    shown = tried(folder, ANN, headers=headers)
    assert (shown["verify"]["result"], shown["verify"]["said"]) == ("verified", "yes, by token")
    assert shown["event"]["dedupe_id"] == "7"


def test_a_sample_without_a_proof_goes_on_and_that_is_said(folder: Path) -> None:
    shown = tried(folder, ANN, headers=JSON)
    assert (shown["verify"]["result"], shown["verify"]["reason"]) == ("not_verified", "missing_header")
    assert "`x-webhook-token`" in shown["verify"]["said"]
    assert shown["routes"][0]["outcome"] == "delivered"


def test_a_wrong_proof_fails_with_its_reason_and_the_rest_is_shown(folder: Path) -> None:
    shown = tried(folder, ANN, headers={**JSON, "x-webhook-token": "planted-wrong"}, code=1)
    assert (shown["verify"]["result"], shown["verify"]["reason"]) == ("refused", "wrong_token")
    assert shown["lead"]["name"] == "Ann Lee"


def test_a_tampered_body_is_refused(folder: Path) -> None:
    shown = tried(folder, PARTNERS.replace(b"Ann", b"Eve"), source="partner", headers=signed(PARTNERS), code=1)
    assert shown["verify"]["reason"] == "wrong_signature"


def test_a_kept_sample_may_be_old_when_its_signature_is_right(folder: Path) -> None:
    shown = tried(folder, PARTNERS, source="partner", headers=signed(PARTNERS, ago=86_400))
    assert (shown["verify"]["result"], shown["verify"]["reason"]) == ("not_verified", "timestamp_too_old")
    assert tried(folder, PARTNERS, source="partner", headers=signed(PARTNERS))["verify"]["result"] == "verified"


def test_a_signature_of_the_future_is_refused(folder: Path) -> None:
    shown = tried(folder, PARTNERS, source="partner", headers=signed(PARTNERS, ago=-86_400), code=1)
    assert shown["verify"]["reason"] == "timestamp_in_future"


def test_a_source_that_takes_unsigned_requests_asks_for_no_proof(folder: Path) -> None:
    assert tried(folder, ANN, source="open")["verify"]["result"] == "not_needed"


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b'{"name": "' + b"a" * 20_000 + b'"}', JSON, "413: The body is larger than 10240 bytes (`server.max_body`)."),
        (b"{}", {**JSON, "content-encoding": "gzip"}, "415: Compressed bodies are not taken"),
    ],
    ids=["too large", "compressed"],
)
def test_what_the_service_would_not_take_ends_there(
    folder: Path, body: bytes, headers: dict[str, str], said: str
) -> None:
    shown = tried(folder, body, headers=headers, code=1)
    assert shown["receive"]["refused"].startswith(said)
    assert (shown["verify"], shown["event"], shown["routes"]) == (None, None, [])
    assert said in run(folder, body, headers=headers).stdout


@pytest.mark.parametrize(
    ("source", "headers", "said"),
    [
        ("websit", None, "the configuration has no source `websit`; did you mean `website`?"),
        ("website", "Content-Type application/json\n", "headers.txt:1: must look like `Name: value`"),
        ("website", "POST /hooks HTTP/1.1\nHost: x\n", "headers.txt:1: must look like `Name: value`"),
        ("website", '{"content-type": ', "headers.txt: begins like a JSON object and is none"),
        ("website", '{"content-length": 7}', "headers.txt: the header `content-length` must be text"),
    ],
)
def test_wrong_usage_is_told_apart_from_a_bad_sample(folder: Path, source: str, headers: str | None, said: str) -> None:
    result = run(folder, ANN, source=source, headers=headers)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage(folder: Path) -> None:
    for option in ("--body", "--headers"):
        result = run(folder, ANN, option, "gone.json")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "cannot read gone.json: No such file or directory" in result.stderr


def test_nothing_is_stored(folder: Path) -> None:
    run(folder, ANN)
    assert sorted(file.name for file in folder.iterdir()) == ["lead.json", "site.yaml"]


@pytest.mark.parametrize("source", ["website", "partner", "open"])
def test_no_secret_is_shown_whatever_the_proof(folder: Path, source: str) -> None:
    body = PARTNERS if source == "partner" else ANN
    proof = signed(PARTNERS) if source == "partner" else {"x-webhook-token": SECRETS["TOKEN"], "cookie": "planted-c"}
    wrong = {**JSON, "x-webhook-token": SECRETS["COPPER"], "authorization": f"Bearer {SECRETS['DALLAS']}"}
    for headers in ({**JSON, **proof}, wrong, None):
        for output in ("text", "json"):
            shown = run(folder, body, "--format", output, source=source, headers=headers).output
            assert "ann@example.com" in shown
            assert [secret for secret in (*SECRETS.values(), "planted-c") if secret in shown] == []
            digests = [hashlib.sha256(secret.encode()).hexdigest() for secret in SECRETS.values()]
            assert [digest for digest in digests if digest in shown] == []
