"""The recipes in `config/recipes/`: what lies in their folders, and one sample's whole way to the emulated CRMs."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
from pydantic import AnyHttpUrl, TypeAdapter

from leadbridge.app import Service
from leadbridge.commands.sending import content_type
from leadbridge.crm.registry import CRMS
from leadbridge.http.server import embedded, listen, server_config, url_of
from leadbridge.sandbox import COPPER_PATH, LEADCONNECTOR_PATH, VENDORS_PATH, Sandbox, SandboxOptions, Seed
from leadbridge.settings.fetching import Fetching
from leadbridge.settings.loading import Loaded, load
from leadbridge.signing import sign
from leadbridge.store.base import Store
from tests.generated import ROOT
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.patience import PATIENCE

FOLDER: Final = ROOT / "config" / "recipes"
PATHS: Final = {"copper": COPPER_PATH, "leadconnector": LEADCONNECTOR_PATH}
VALUE: Final = "whsec_cmVjaXBlLXNlY3JldC1yZWNpcGU="  # of every variable: a token and a signing secret alike


@dataclass(frozen=True)
class Recipe:
    """A folder: `leadbridge.yaml`, `sample.*`, `expected.json`.

    An account that needs more has `account.json`, a vendor whose leads are fetched has `documents.json`.
    """

    folder: Path

    def __str__(self) -> str:
        return self.folder.name

    @property
    def config(self) -> Path:
        return self.folder / "leadbridge.yaml"

    @property
    def sample(self) -> Path:
        (path,) = self.folder.glob("sample.*")
        return path

    @property
    def purpose(self) -> str:
        """The first sentence of the comment at the top."""
        comment = re.findall(r"^#(?! yaml-language-server) ?(.*)$", self.config.read_text("utf-8"), re.MULTILINE)
        return " ".join(comment).strip().partition(". ")[0] + "."

    def read(self, name: str) -> Any:
        """What a JSON file of the folder says; None where there is no such file."""
        path = self.folder / name
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def load(self) -> Loaded:
        """The configuration, with a value for each of its variables."""
        return load(self.config, dict.fromkeys(re.findall(r"\$\{(\w+)\}", self.config.read_text("utf-8")), VALUE))


RECIPES: Final = [Recipe(path) for path in sorted(FOLDER.iterdir()) if path.is_dir()]


@dataclass(frozen=True)
class Kitchen:
    """A service with one recipe's configuration, and the CRMs that it writes to."""

    recipe: Recipe
    service: Service
    loaded: Loaded
    client: httpx.AsyncClient
    sandbox: Sandbox
    clock: ManualClock

    async def send(self, *, message_id: str = "msg_1") -> httpx.Response:
        """Post the sample as its sender would."""
        ((name, source),) = self.loaded.settings.sources.items()
        body = self.recipe.sample.read_bytes()
        url = f"http://leads.test/hooks/{name}"
        proof = sign(source.scheme, method="POST", url=url, body=body, message_id=message_id, now=self.clock.now())
        headers = {"content-type": content_type(self.recipe.sample, body), **proof}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.service.asgi)) as sender:
            return await sender.post(url, content=body, headers=headers)

    async def records(self, destination: str) -> list[dict[str, Any]]:
        """What a destination's account holds, with its custom fields by their names."""
        adapter = self.service.adapters[destination]
        accounts: Any = self.sandbox.state(adapter.crm)[adapter.crm]
        if adapter.crm == "copper":
            ((_, account),) = accounts.items()
            listed = await self._get(adapter, "/custom_field_definitions")
            options = {one["id"]: one["name"] for field in listed for one in field.get("options", ())}
            return [_named(one, listed, options=options) for one in account["leads"]]
        listed = (await self._get(adapter, f"/locations/{adapter.account}/customFields"))["customFields"]
        return [_named(one, listed, options={}) for one in accounts.get(adapter.account, {}).get("contacts", ())]

    async def _get(self, adapter: Any, path: str) -> Any:
        return (await self.client.get(adapter.base_url + path, headers=adapter.headers())).json()


def _named(record: Mapping[str, Any], fields: list[Any], *, options: Mapping[int, str]) -> dict[str, Any]:
    names = {field["id"]: field["name"] for field in fields}
    custom = {
        names[one.get("custom_field_definition_id", one.get("id"))]: one["value"]
        for one in record.get("custom_fields") or record.get("customFields") or ()
        if one["value"] not in (None, [])
    }
    by_name = {
        name: [options.get(one, one) for one in value] if isinstance(value, list) else options.get(value, value)
        for name, value in custom.items()
    }
    return {**record, "custom_fields": by_name}


@asynccontextmanager
async def cooking(recipe: Recipe, store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Kitchen]:
    """A service and its CRMs, for as long as the body runs."""
    account = recipe.read("account.json")
    seeds = (TypeAdapter[Seed](Seed).validate_python(account),) if account else ()
    sandbox = Sandbox(SandboxOptions(seeds=seeds), clock)
    sandbox.put_documents(recipe.read("documents.json") or {})
    log: Any = journal
    with listen("127.0.0.1", 0) as listener:
        loaded = _pointed_at(url_of(listener), recipe.load())
        service = Service(loaded, store, clock=clock, dice=Random(1), log=log)
        async with (
            embedded(server_config(sandbox.app), listener),
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client,
        ):
            await service.start()
            yield Kitchen(recipe, service, loaded, client, sandbox, clock)
            await service.stop()


def _pointed_at(url: str, loaded: Loaded) -> Loaded:
    destinations = {
        name: one.model_copy(update={"base_url": AnyHttpUrl(url + PATHS[one.crm])})
        for name, one in loaded.settings.destinations.items()
    }
    sources = {
        name: one if one.fetch is None else one.model_copy(update={"fetch": _fetching_at(url, one.preset, one.fetch)})
        for name, one in loaded.settings.sources.items()
    }
    update = {"destinations": destinations, "sources": sources}
    return replace(loaded, settings=loaded.settings.model_copy(update=update))


def _fetching_at(url: str, preset: str, fetch: Fetching) -> Fetching:
    return fetch.model_copy(update={"base_url": AnyHttpUrl(f"{url}{VENDORS_PATH}/{preset}")})


def differences(expected: Any, kept: Any, place: str = "") -> Iterator[str]:
    """What `expected` says and `kept` does not; more may be kept than is said."""
    if isinstance(expected, dict) and isinstance(kept, dict):
        for name, value in expected.items():
            yield from differences(value, kept.get(name), f"{place}.{name}")
    elif isinstance(expected, list) and isinstance(kept, list) and len(expected) == len(kept):
        for index, value in enumerate(expected):
            yield from differences(value, kept[index], f"{place}[{index}]")
    elif expected != kept:
        yield f"{place}: the recipe says {expected!r}, the CRM keeps {kept!r}"


def listing() -> str:
    """The recipes as the table of docs/recipes.md."""
    lines = ["| recipe | from | to | what it does |", "|---|---|---|---|"]
    for recipe in RECIPES:
        settings = recipe.load().settings
        senders = ", ".join(f"`{source.preset}`" for source in settings.sources.values())
        crms = ", ".join(dict.fromkeys(CRMS[one.crm].title for one in settings.destinations.values()))
        link = f"[{recipe}](../config/recipes/{recipe}/leadbridge.yaml)"
        lines.append(f"| {link} | {senders} | {crms} | {recipe.purpose} |")
    return "\n".join(lines)
