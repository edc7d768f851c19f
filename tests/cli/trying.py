"""A configuration for `try`, and the command run on a body."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from leadbridge.cli import app

SECRETS = {
    "TOKEN": "planted-sender-token",
    "OLD_TOKEN": "planted-older-token",
    "PARTNER": "whsec_cGxhbnRlZC1wYXJ0bmVyLXNlY3JldA==",
    "COPPER": "planted0copper0token0planted0000",
    "DALLAS": "pit-planted-dallas-token",
}
CONFIG = """version: 1
server: {max_body: 10KiB}
sources:
  website:
    preset: generic
    verify: {scheme: token, secrets: ["${TOKEN}", "${OLD_TOKEN}"]}
  partner: {preset: standard-webhooks, verify: {secrets: ["${PARTNER}"]}}
  open: {preset: generic, verify: none}
  typeform: {preset: typeform, verify: {secrets: ["${TOKEN}"]}}
  lonely: {preset: generic, verify: none}
  broken: {preset: generic, verify: none}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
  dallas: {crm: leadconnector, location_id: LOC1, token: "${DALLAS}"}
routes:
  - name: website to copper
    from: [website, partner, typeform]
    to: copper
    when: "{{ fields.interest != 'support' }}"
    match: ["custom:External ID", email]
    lead:
      name: "{{ fields.name }}"
      email: "{{ fields.email }}"
      phone: "{{ fields.phone }}"
      company: "{{ fields['Company name'] }}"
      owner: sales@example.com
      source: ${CAMPAIGN}
    custom_fields:
      External ID: "{{ fields.id }}"
      Budget: "{{ fields.budget | number }}"
      Interests: ["{{ fields.likes }}", "news"]
    tags: [website, "{{ meta.form_id }}"]
  - name: open to dallas
    from: open
    to: dallas
    on_no_match_key: create
    lead: {email: "{{ fields.email }}", phone: "{{ fields.phone | e164('DE') }}", title: "{{ fields.job }}"}
    custom_fields: {contact.plan: "{{ fields.plan }}"}
    tags: {add: [open]}
  - {name: broken one, from: broken, to: copper, lead: {email: "{{ 1 // (fields.name | number) }}"}}
  - {name: sound one, from: broken, to: copper, lead: {email: "{{ fields.email }}"}}
"""
ENVIRON = {**SECRETS, "CAMPAIGN": "Spring fair"}
ANN = {"name": "Ann Lee", "email": " ANN@Example.com", "phone": "(415) 555-0177", "id": "A-1", "zip": "02134"}


def run(
    folder: Path,
    body: Any,
    *options: str,
    source: str = "website",
    headers: Mapping[str, str] | str | None = None,
    config: str = CONFIG,
) -> Result:
    """Write the files and run `try` on them; `headers` is a file's text, or what becomes a JSON one."""
    (folder / "site.yaml").write_text(config)
    (folder / "lead.json").write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
    command = ["try", source, "--config", "site.yaml", "--body", "lead.json", *options]
    if headers is not None:
        (folder / "headers.txt").write_text(headers if isinstance(headers, str) else json.dumps(headers))
        command += ["--headers", "headers.txt"]
    return CliRunner().invoke(app, command, env=ENVIRON)


def tried(folder: Path, body: Any, *options: str, code: int = 0, **given: Any) -> dict[str, Any]:
    """What `try` prints for programs; its exit code must be `code`."""
    result = run(folder, body, "--format", "json", *options, **given)
    assert (result.exit_code, result.stderr) == (code, ""), result.output
    shown: dict[str, Any] = json.loads(result.stdout)
    return shown


def origin(route: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Where one key of the lead came from."""
    (found,) = [each for each in route["origins"] if each["key"] == key]
    return dict(found)


def place(written: str) -> str:
    """Where this stands first in the configuration, as `file:line:col`."""
    before = CONFIG[: CONFIG.index(written)]
    return f"site.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
