"""`reverify` at the command line, on a database that no service has open."""

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.events import Received
from leadbridge.quarantine import sealed
from leadbridge.store.opening import open_quarantine, open_store
from leadbridge.tokens import Sealing

KEY = Fernet.generate_key().decode()
CONFIG = """
version: 1
sources:
  website: {preset: generic, verify: {scheme: token, secrets: ["${TOKEN}"]}, quarantine: 10}
destinations:
  copper: {crm: copper, access_token: "${COPPER_TOKEN}", user_email: ops@example.com}
routes:
  - {from: website, to: copper, lead: {email: "{{ fields.email }}"}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a configuration, and a database with one lead and one forgery in quarantine."""
    (tmp_path / "site.yaml").write_text(CONFIG)

    async def fill() -> None:
        await open_store(url(tmp_path)).close()
        quarantine = open_quarantine(url(tmp_path))
        for token in ("mended", "forged"):
            received = Received(
                source="website",
                method="POST",
                url="http://leads.test/hooks/website",
                headers={"content-type": "application/json", "x-webhook-token": token},
                body=b'{"email": "ann@example.com"}',
                received_at=1_796_000_000_000,
            )
            assert await quarantine.keep(sealed(Sealing([KEY]), received, reason="wrong_token"), most=10)
        await quarantine.close()

    asyncio.run(fill())
    return tmp_path


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'leadbridge.db'}"


def reverify(site: Path, *options: str, source: str = "website", key: str = KEY) -> Result:
    environ = {"LEADBRIDGE_DATABASE_URL": url(site), "LEADBRIDGE_SECRET_KEY": key, "TOKEN": "mended"}
    environ["COPPER_TOKEN"] = "c" * 32
    return CliRunner().invoke(app, ["reverify", source, "--config", str(site / "site.yaml"), *options], env=environ)


def test_what_is_proved_now_goes_in_and_the_rest_stays_until_it_is_dropped(site: Path) -> None:
    looked = reverify(site, "--dry-run")
    assert looked.exit_code == 1
    assert looked.stdout.startswith("1 request would be taken in: 1 submission. 1 request of website still not proved")
    taken = reverify(site)
    assert (taken.exit_code, taken.stdout.split(".")[0]) == (1, "1 request taken in: 1 submission")
    assert "(wrong_token 1): they stay; mend the secret, or `--drop` them." in taken.stdout.replace("\n", " ")
    dropped = reverify(site, "--drop", "--format", "json")
    assert dropped.exit_code == 0
    assert {name: json.loads(dropped.stdout)[name] for name in ("requests", "dropped")} == {"requests": 0, "dropped": 1}
    assert reverify(site).stdout == "0 requests taken in: 0 submissions.\n"


def test_without_a_source_it_says_what_is_there(site: Path) -> None:
    assert reverify(site, source="").exit_code == 2  # an empty name is one
    environ = {"LEADBRIDGE_DATABASE_URL": url(site)}
    listed = CliRunner().invoke(app, ["reverify"], env=environ)
    assert (listed.exit_code, listed.stdout) == (0, "website: 2 requests\n")
    listed = CliRunner().invoke(app, ["reverify", "--format", "json"], env=environ)
    assert json.loads(listed.stdout) == {"quarantine": {"website": 2}}
    books = CliRunner().invoke(app, ["ledger"], env=environ)
    assert "\nIn quarantine, in no book: 2 of website; `leadbridge reverify SOURCE` once " in books.stdout
    books = CliRunner().invoke(app, ["ledger", "--format", "json"], env=environ)
    assert json.loads(books.stdout)["quarantine"] == {"website": 2}
    assert CliRunner().invoke(app, ["reverify", "--drop"], env=environ).exit_code == 2
    reverify(site, "--drop")
    assert CliRunner().invoke(app, ["reverify"], env=environ).stdout == "Nothing is in quarantine.\n"


@pytest.mark.parametrize(
    ("source", "key", "code", "said"),
    [
        ("websit", KEY, 2, "no source `websit`; did you mean `website`"),
        ("website", "", 1, "LEADBRIDGE_SECRET_KEY is not set"),
        ("website", Fernet.generate_key().decode(), 1, "set the key that sealed it as well"),
    ],
    ids=["another name", "no key", "another key"],
)
def test_what_stands_in_the_way_is_said(site: Path, source: str, key: str, code: int, said: str) -> None:
    result = reverify(site, source=source, key=key)
    assert (result.exit_code, said in result.stderr.replace("\n", " ")) == (code, True), result.stderr
    assert result.stdout == ""


def test_check_says_that_a_quarantine_needs_a_key(site: Path) -> None:
    environ = {"TOKEN": "mended", "COPPER_TOKEN": "c" * 32, "LEADBRIDGE_SECRET_KEY": ""}
    result = CliRunner().invoke(app, ["check", str(site / "site.yaml")], env=environ)
    assert result.exit_code == 1
    assert "sources.website.quarantine: LEADBRIDGE_SECRET_KEY is not set" in result.stdout
