"""A service with a source for every preset, each under the secret that its sender has."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from leadbridge.desk import Desk, desks
from leadbridge.events import Received
from leadbridge.settings.loading import load_text
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.store.base import Store
from leadbridge.store.rows import SubmissionRow
from tests.sources.senders import NOW, secret_of
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import Running, running

PUBLIC: Final = "https://leads.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The service, its desks by preset, and its books."""

    service: Running
    store: Store
    desks: Mapping[str, Desk]

    async def post(self, preset: Preset, received: Received) -> httpx.Response:
        """The request, as its sender puts it on the wire."""
        address = received.url.removeprefix(PUBLIC)
        headers = [
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in received.headers.items()
        ]
        return await self.service.client.post(address, content=received.body, headers=headers)

    async def kept_of(self, preset: Preset) -> tuple[SubmissionRow, ...]:
        """The submissions of this preset's source, the newest first."""
        return await self.store.submissions(limit=10_000, source=preset.name)


def url_of(preset: Preset) -> str:
    return f"{PUBLIC}/hooks/{preset.name}"


@asynccontextmanager
async def world(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[World]:
    """A service that takes what every preset's sender sends; its one route leaves out everything that it maps."""
    clock.wall = NOW
    environ = {_variable(preset): secret_of(preset)[0] for preset in BUILT_IN} | {"COPPER": "c" * 32}
    config = json.dumps(
        {
            "version": 1,
            "server": {"public_url": PUBLIC},
            "sources": dict(_sources()),
            "destinations": {"copper": {"crm": "copper", "access_token": "${COPPER}", "user_email": "ops@example.com"}},
            "routes": [
                {
                    "name": "nothing",
                    "from": [preset.name for preset in BUILT_IN],
                    "to": "copper",
                    "when": "{{ source.name == 'nobody' }}",
                    "match": ["email"],
                    "lead": {"email": "{{ fields.email }}"},
                }
            ],
        }
    )
    async with running(store, clock, journal, config=config, environ=environ) as service:
        known = desks(load_text(config, "tests.yaml", environ).settings)
        yield World(service=service, store=store, desks=known)


def _sources() -> Iterator[tuple[str, Any]]:
    for preset in BUILT_IN:
        proof: dict[str, Any] = {"secrets": [f"${{{_variable(preset)}}}"]}
        yield preset.name, {"preset": preset.name, "verify": proof if preset.scheme else {"scheme": "token", **proof}}


def _variable(preset: Preset) -> str:
    return preset.name.upper().replace("-", "_")
