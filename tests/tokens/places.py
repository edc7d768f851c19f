"""A folder with a configuration whose destinations use OAuth, and the sandbox that it names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.clock import SystemClock
from leadbridge.sandbox import (
    LEADCONNECTOR_PATH,
    LeadConnectorOptions,
    LeadConnectorSeed,
    SandboxControl,
    SandboxOptions,
)
from leadbridge.store.opening import open_tokens
from leadbridge.tokens import Sealing, Vault
from leadbridge.tokens.vault import Kept
from tests.sandbox.serving import served

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "planted-client-secret"
CONFIG = """
version: 1
sources:
  website: {{preset: generic, verify: none}}
destinations:
  dallas:
    crm: leadconnector
    location_id: LOC1
    base_url: {crm}
    oauth: &app {{client_id: app1, client_secret: "${{SECRET}}"}}
  austin: {{crm: leadconnector, location_id: LOC2, base_url: {crm}, oauth: *app}}
  agency:
    crm: leadconnector
    location_id: LOC3
    base_url: {crm}
    oauth: {{client_id: agency-app, client_secret: "${{SECRET}}", company_id: COMP1}}
  plain: {{crm: leadconnector, location_id: LOC4, base_url: {crm}, token: "${{TOKEN}}"}}
  copper: {{crm: copper, access_token: "${{COPPER}}", user_email: a@b.test}}
routes:
  - name: to dallas
    from: website
    to: dallas
    lead: {{name: "{{{{ fields.name }}}}", email: "{{{{ fields.email }}}}"}}
"""
ENVIRON = {"SECRET": SECRET, "TOKEN": "pit-x", "COPPER": "c" * 32, "LEADBRIDGE_SECRET_KEY": KEY}


@dataclass
class Place:
    """The folder, and how the command is called in it."""

    folder: Path
    crm: str
    client: httpx.AsyncClient
    control: SandboxControl
    key: str = KEY

    @property
    def environ(self) -> dict[str, str]:
        database = f"sqlite:///{self.folder}/leadbridge.db"
        return {**ENVIRON, "LEADBRIDGE_SECRET_KEY": self.key, "LEADBRIDGE_DATABASE_URL": database}

    async def install(self) -> None:
        """An app in two locations, and an agency's."""
        keys = {"client_id": "app1", "client_secret": SECRET}
        agency = {**keys, "client_id": "agency-app", "user_type": "Company", "code": "CODE3"}
        for location, one in (
            ("LOC1", {**keys, "code": "CODE1"}),
            ("LOC2", {**keys, "code": "CODE2"}),
            ("LOC3", agency),
        ):
            seed = {"account": location, "apps": [one], "settings": {"company": "COMP1"}}
            await self.control.seed(LeadConnectorSeed.model_validate(seed))

    async def command(self, *arguments: str, typed: str = "") -> Result:
        """The command in this process, beside the sandbox."""
        return await asyncio.to_thread(CliRunner().invoke, app, arguments, input=typed, env=self.environ)

    async def connect(self, *arguments: str, typed: str = "") -> Result:
        """`connect leadconnector …`"""
        file = f"{self.folder}/site.yaml"
        return await self.command("connect", "leadconnector", *arguments, "--config", file, typed=typed)

    def name(self, client: str = "app1", holder: str = "LOC1") -> str:
        """A grant's name."""
        return f"leadconnector:{urlsplit(self.crm).netloc}:{client}:{holder}"

    async def stored(self, name: str) -> Kept | None:
        """What is on disk of it."""
        vault = Vault(open_tokens(self.environ["LEADBRIDGE_DATABASE_URL"]), Sealing([self.key]), SystemClock())
        kept = await vault.kept(name)
        await vault.close()
        return kept


@asynccontextmanager
async def placed(folder: Path) -> AsyncIterator[Place]:
    """A sandbox with the apps, and a folder."""
    options = SandboxOptions(quotas=False, leadconnector=LeadConnectorOptions(unknown_tokens="refuse"))
    async with served(options) as (client, control):
        place = Place(folder, str(client.base_url.join(LEADCONNECTOR_PATH)), client, control)
        await place.install()
        (folder / "site.yaml").write_text(CONFIG.format(crm=place.crm))
        yield place


def query(page: str) -> dict[str, str]:
    """What a page's address asks."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
