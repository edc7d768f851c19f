"""What a command imports: counted, since how long that takes depends on the machine.

A start is half imports. So what only some configurations use is imported when one asks for it; and whatever that is,
it is there before the service says that it is ready, for no sender to wait for.
"""

import json
import re
from pathlib import Path

import httpx
import pytest

from leadbridge.sources.registry import FOLDERS
from tests.support.command import Started, started
from tests.support.keys import ed25519_key, public_pem
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.whole

PLAIN = """
version: 1
sources:
  website: {preset: generic, verify: {scheme: token, secrets: ["${TOKEN}"]}}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com, base_url: "http://127.0.0.1:9/copper"}
routes:
  - name: website to copper
    from: website
    to: copper
    lead: {name: "{{ fields.name }}", email: "{{ fields.email }}", phone: "{{ fields.phone }}"}
"""
MORE_SOURCES = """sources:
  typeform: {preset: typeform, verify: {secrets: ["${TOKEN}"]}}
  partner: {preset: generic, verify: {scheme: ed25519, header: x-proof, signs: "{body}", secrets: ["${KEY}"]}}
"""
ENVIRON = {"TOKEN": "a-token-of-the-website", "COPPER": "c" * 32, "PYTHONVERBOSE": "1"}
FORM = {"name": "Ann Lee", "email": "ann@example.com", "phone": "+49 30 901820"}
IMPORTED = re.compile("import '([^']+)' # ")  # how Python tells it then
UNASKED = {
    "asyncpg", "cryptography", "prometheus_client", "pygments", "rich", "leadbridge.recognise", "leadbridge.sandbox",
    "leadbridge.store.postgres", "leadbridge.tokens.authorizing",
}  # fmt: skip
# Tables of libraries' own that depend on what a lead says, a millisecond each at most.
BY_THE_LEAD = ("phonenumbers.data.", "nameparser.config.", "encodings.", "stringprep")
SERVE = ("serve", "--config", "site.yaml", "--port", "0")


def imported(lines: list[str]) -> list[str]:
    """The modules whose import Python tells in these lines of a log."""
    return [found[1] for found in map(IMPORTED.match, lines) if found]


def unasked(modules: list[str]) -> set[str]:
    """Those of them that a plain configuration has no use for."""
    heavy = {name for name in UNASKED if any(f"{module}.".startswith(f"{name}.") for module in modules)}
    presets = {f"leadbridge.sources.{folder}" for folder in FOLDERS if folder != "generic"}
    return heavy | (presets & set(modules))


def line_of(service: Started, event: str) -> int:
    """Wait for the log line of an event; how many lines stand before it. Each is looked at once: they are thousands."""
    at = 0

    def look() -> int | None:
        nonlocal at
        while at < len(service.logged):
            if f'"event":"{event}"' in service.logged[at]:
                return at
            at += 1
        return None

    return service.until(look)


def test_a_plain_service_imports_what_it_uses_and_all_of_it_before_it_is_ready(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(PLAIN)
    with started(*SERVE, cwd=tmp_path, environ=ENVIRON) as service:
        at = line_of(service, "service.started")
        hook = json.loads(service.logged[line_of(service, "service.listening")])["url"] + "/hooks/website"
        with httpx.Client(headers={"x-webhook-token": ENVIRON["TOKEN"]}, timeout=PATIENCE) as sender:
            answers = [sender.post(hook, json=FORM), sender.post(hook, data=FORM)]
            answers.append(sender.post(hook, data=FORM, files={"photo": ("a.png", b"PNG", "image/png")}))
        assert [answer.status_code for answer in answers] == [202, 202, 202]
        line_of(service, "delivery.attempted")
        before, after = imported(service.logged[:at]), imported(service.logged[at:])
    assert "leadbridge.sources.generic" in before, "imports are not told"
    assert unasked(before) == set()
    assert [module for module in after if not module.startswith(BY_THE_LEAD)] == []


def test_what_a_configuration_asks_for_is_there_when_it_is_ready(tmp_path: Path) -> None:
    asking = PLAIN.replace("to: copper\n", "to: copper\n    recognise: true\n").replace("sources:\n", MORE_SOURCES)
    (tmp_path / "site.yaml").write_text(asking)
    environ = {**ENVIRON, "KEY": public_pem(ed25519_key())}
    with started(*SERVE, cwd=tmp_path, environ=environ) as service:
        found = imported(service.logged[: line_of(service, "service.started")])
    assert unasked(found) == {"cryptography", "leadbridge.recognise", "leadbridge.sources.typeform"}


def test_a_check_imports_what_its_configuration_uses(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(PLAIN)
    with started("check", "site.yaml", cwd=tmp_path, environ=ENVIRON) as check:
        assert check.ended() == 0
        found = imported(check.logged)
    assert "leadbridge.sources.generic" in found, "imports are not told"
    # What it says is drawn by rich.
    assert unasked(found) <= {"rich", "pygments"}
