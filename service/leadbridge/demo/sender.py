"""The demo's senders: they sign, post, and then look what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from leadbridge.clock import Millis, SystemClock
from leadbridge.crm.adapter import Adapter
from leadbridge.demo.scenario import ANN, LOCATION, Row
from leadbridge.settings.loading import Loaded
from leadbridge.signing import sign
from leadbridge.store.claims import TryResult
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import MappedSubmission

PATIENCE: Final = 20.0  # seconds a row may take
UNDER_WAY: Final = frozenset({"pending", "sending", "retrying"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A row with what the sender was told and what the store holds."""

    row: Row
    status: int
    answer: Mapping[str, Any]
    kept_as: str | None  # the state of the submission, if it was kept
    deliveries: Mapping[str, DeliveryRow] = field(default_factory=dict)

    @property
    def trace_id(self) -> str | None:
        """The trace ID of the reply."""
        return self.answer.get("trace_id")


class WatchedStore(SqliteStore):
    """The service's store, for one who waits to see what becomes of a submission."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.changed = asyncio.Event()

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made, and tell."""
        await super().map(mapped, now=now)
        self.changed.set()

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call, and tell."""
        attempt_id = await super().record(lane, result)
        self.changed.set()
        return attempt_id


class Sender:
    """Plays rows, one after the other."""

    def __init__(self, loaded: Loaded, store: WatchedStore, client: httpx.AsyncClient, *, hook_url: str) -> None:
        self._sources = loaded.settings.sources
        self._store = store
        self._client = client
        self._hook_url = hook_url

    async def play(self, row: Row) -> Seen:
        """Send one row and wait until nothing of it is under way."""
        url = f"{self._hook_url}/hooks/{row.source}"
        signed = sign(
            self._sources[row.source].scheme,
            method="POST",
            url=url,
            body=b"something else" if row.forged else row.body,
            message_id=row.message_id or "msg_demo",
            now=SystemClock().now(),
        )
        response = await self._client.post(url, content=row.body, headers={"content-type": row.content_type, **signed})
        answer = response.json()
        submission_id = answer.get("id")
        if submission_id is None:
            return Seen(row=row, status=response.status_code, answer=answer, kept_as=None)
        async with asyncio.timeout(PATIENCE):
            kept_as, deliveries = await self._rested(row, submission_id)
        return Seen(row=row, status=response.status_code, answer=answer, kept_as=kept_as, deliveries=deliveries)

    async def _rested(self, row: Row, submission_id: str) -> tuple[str, dict[str, DeliveryRow]]:
        while True:
            self._store.changed.clear()
            found = await self._look(row, submission_id)
            if found is not None:
                return found
            await self._store.changed.wait()

    async def _look(self, row: Row, submission_id: str) -> tuple[str, dict[str, DeliveryRow]] | None:
        """The submission's state and its deliveries, once all of them rest."""
        submission = await self._store.submission(submission_id)
        if submission is None or submission.state == "received":
            return None
        if not row.states:
            return submission.state, {}
        deliveries = (await self._store.deliveries_of([submission_id]))[submission_id]
        if any(delivery.state in UNDER_WAY for delivery in deliveries):
            return None
        return submission.state, {delivery.destination: delivery for delivery in deliveries}


async def tag_ann(client: httpx.AsyncClient, *, crm_url: str, adapters: Mapping[str, Adapter]) -> None:
    """A salesperson marks Ann as VIP, in both CRMs, through their own APIs and behind leadbridge's back."""
    copper, dallas = adapters["copper"], adapters["dallas"]
    state = (await client.get(f"{crm_url}/sandbox/state")).json()
    for lead in next(iter(state["copper"].values()))["leads"]:
        if (lead["email"] or {}).get("email") == ANN:
            await client.put(
                f"{copper.base_url}/leads/{lead['id']}",
                json={"tags": [*lead["tags"], "vip"]},
                headers=copper.headers(),
            )
    for contact in state["leadconnector"][LOCATION]["contacts"]:
        if contact.get("email") == ANN:
            await client.post(
                f"{dallas.base_url}/contacts/{contact['id']}/tags", json={"tags": ["vip"]}, headers=dallas.headers()
            )
