"""A configuration that brings a submission into every state, the sandbox it sends to, and a service on it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from leadbridge.clock import SystemClock
from leadbridge.settings.loading import load
from leadbridge.signing import sign
from tests.support.command import Started, started
from tests.support.patience import PATIENCE

SECRETS = {
    "WEBSITE_TOKEN": "planted-website-token",
    "TYPEFORM_SECRET": "planted-typeform-secret",
    "PARTNER_SECRET": "whsec_cGxhbnRlZC1wYXJ0bmVyLXNlY3JldA==",
    "RELAY_PASSWORD": "planted-relay-password",
    "COPPER_TOKEN": "planted0copper0token0planted0000",
    "DALLAS_TOKEN": "pit-planted-dallas-token",
}
CONFIG = """
version: 1
sources:
  website: {{preset: generic, verify: {{scheme: token, secrets: ["${{WEBSITE_TOKEN}}"]}}}}
  typeform: {{preset: typeform, verify: {{secrets: ["${{TYPEFORM_SECRET}}"]}}}}
  partner: {{preset: standard-webhooks, verify: {{secrets: ["${{PARTNER_SECRET}}"]}}}}
  relay: {{preset: generic, verify: {{scheme: basic, username: relay, secrets: ["${{RELAY_PASSWORD}}"]}}}}
  open: {{preset: generic, verify: none}}
  broken: {{preset: generic, verify: none}}
destinations:
  copper:
    crm: copper
    access_token: "${{COPPER_TOKEN}}"
    user_email: ops@example.com
    base_url: {crms}/copper/developer_api/v1
  dallas: {{crm: leadconnector, location_id: LOC1, token: "${{DALLAS_TOKEN}}", base_url: {crms}/leadconnector}}
routes:
  - name: website to copper
    from: website
    to: copper
    when: "{{{{ fields.kind != 'skip' }}}}"
    lead: &lead {{name: "{{{{ fields.name }}}}", email: "{{{{ fields.email }}}}", phone: "{{{{ fields.phone }}}}"}}
    custom_fields: {{Budget: "{{{{ fields.budget | number }}}}"}}
  - {{name: relay to copper, from: relay, to: copper, lead: *lead}}
  - {{name: relay to dallas, from: relay, to: dallas, lead: *lead}}
  - {{name: broken to copper, from: broken, to: copper, lead: {{email: "{{{{ 1 // (fields.name | number) }}}}"}}}}
  - {{name: partner to copper, from: partner, to: copper, lead: *lead}}
"""
RESTING = ("delivered", "delivered_with_warnings", "held", "failed", "retrying")


@dataclass
class Site:
    """A folder with a configuration, the CRMs, and the service."""

    folder: Path
    crms: str
    url: str
    service: Started

    @property
    def environ(self) -> dict[str, str]:
        return environ_of(self.folder)

    def post(self, source: str, body: Any) -> dict[str, Any]:
        """Post as the source's sender, always with the same message id; the reply."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        url = f"{self.url}/hooks/{source}"
        scheme = load(self.folder / "site.yaml", SECRETS).settings.sources[source].scheme
        now = SystemClock().now()
        proof = sign(scheme, method="POST", url=url, body=content, message_id="msg_1", now=now)
        headers = {"content-type": "application/json", **proof}
        reply: dict[str, Any] = httpx.post(url, content=content, headers=headers, timeout=PATIENCE).json()
        return reply

    def lead(self, body: Any, *, source: str = "website", deliveries: int = 1) -> dict[str, Any]:
        """Post, and wait until so many deliveries of it rest."""
        reply = self.post(source, body)

        def rested() -> bool | None:
            lines = [line for line in self.service.log if line.get("submission") == reply["id"]]
            return sum(line.get("outcome") in RESTING for line in lines) >= deliveries or None

        self.service.until(rested)
        return reply

    def sandbox(self, path: str, body: Any) -> Any:
        """Ask something of the sandbox's control."""
        response = httpx.post(f"{self.crms}/sandbox/{path}", json=body, timeout=PATIENCE)
        assert response.is_success, response.text
        return response.json()


def environ_of(folder: Path) -> dict[str, str]:
    """What a command needs to find the configuration's secrets and the database."""
    return {**SECRETS, "LEADBRIDGE_DATABASE_URL": f"sqlite:///{folder / 'leadbridge.db'}"}


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """The CRMs and the service, each in a process of its own."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(started("sandbox", "--port", "0", "--no-quotas", cwd=folder))
        crms = sandbox.line("records").split()[1].removesuffix("/sandbox/state")
        (folder / "site.yaml").write_text(CONFIG.format(crms=crms))
        command = ("serve", "--config", "site.yaml", "--port", "0")
        service = stack.enter_context(started(*command, cwd=folder, environ=environ_of(folder)))
        (line,) = service.events("service.listening")
        service.events("service.started")
        yield Site(folder, crms, line["url"], service)
