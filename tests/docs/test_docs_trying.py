"""docs/trying.md: its command runs as printed, with the files that it speaks of."""

import os
from pathlib import Path

from tests.docs.pages import fences
from tests.docs.shell import printed
from tests.generated import ROOT
from tests.support.stand_in import stand_in

PAGE = ROOT / "docs" / "trying.md"
CONFIG = """
version: 1
sources:
  website: {preset: generic, verify: {scheme: token, secrets: ["a-token-of-the-tests"]}}
destinations:
  copper: {crm: copper, access_token: "00000000000000000000000000000000", user_email: ops@example.com}
routes:
  - {from: website, to: copper, lead: {name: "{{ fields.name }}", email: "{{ fields.email }}"}}
"""


def test_the_commands_run_as_printed(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(CONFIG)
    (tmp_path / "lead.json").write_text('{"name": "Ann Lee", "email": "ann@example.com"}')
    (tmp_path / "lead.headers").write_text("Content-Type: application/json\nX-Webhook-Token: a-token-of-the-tests\n")
    (command,) = (fence.body for fence in fences(PAGE, "sh"))
    path = f"{stand_in(tmp_path) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    shown = printed(command, tmp_path, environ={"PATH": path})
    assert "PUT https://api.copper.com/developer_api/v1/leads/upsert" in shown
    assert list(tmp_path.glob("data*")) == [], "nothing is stored"
