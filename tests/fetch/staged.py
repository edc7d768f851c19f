"""The stage alone, with a vendor that takes several calls for a lead."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import orjson

from leadbridge.desk import FetchAccount, desks
from leadbridge.fetch.fetcher import Fetcher
from leadbridge.fetch.source import FetchMeans
from leadbridge.metrics.meters import Meters
from leadbridge.outgoing.client import Answered
from leadbridge.settings.loading import load_text
from leadbridge.sources.samples import folder_of, samples_in
from leadbridge.store.base import Store
from leadbridge.store.values import NewItem
from tests.fetch.vendor import FakeVendor, answered, until
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.stored import new_request

CONFIG = """
version: 1
sources:
  posts:
    preset: linkedin
    verify: {secrets: ["${CLIENT_SECRET}"]}
    fetch: {token: "${TOKEN}", version: "202601"}
"""
ENVIRON = {"CLIENT_SECRET": "client-secret-of-the-tests", "TOKEN": "token-of-the-tests"}
(SAMPLE,) = (one for one in samples_in(folder_of("linkedin")) if one.name == "fetched_lead")
DOCUMENTS: Mapping[str, Any] = SAMPLE.fetched or {}


def announcement(number: int, *, form: str = "(urn:li:leadGenForm:7234,1)") -> bytes:
    said = orjson.loads(SAMPLE.body)
    said["leadGenFormResponse"] = f"urn:li:leadGenFormResponse:r{number}"
    said["leadGenForm"] = f"urn:li:versionedLeadGenForm:{form}"
    return orjson.dumps(said)


def documents(response: str) -> dict[str, Any]:
    """What the vendor has of a response, by the names of the steps."""
    return {**DOCUMENTS, "response": {**DOCUMENTS["response"], "id": response}}


def respond(asked: str) -> Answered:
    return answered(200, documents(asked)["response" if asked.startswith("r") else "form"])


class Stage:
    """The stage alone, on a store."""

    def __init__(self, store: Store, clock: ManualClock, journal: Journal) -> None:
        self.store, self.clock, self.journal = store, clock, journal
        self.vendor = FakeVendor(respond=respond)
        self.fetcher: Fetcher | None = None

    def start(
        self, *, store: Store | None = None, change: Callable[[FetchAccount], FetchAccount] | None = None
    ) -> None:
        (desk,) = desks(load_text(CONFIG, "tests.yaml", ENVIRON).settings).values()
        assert desk.fetching is not None
        if change is not None:
            desk = replace(desk, fetching=change(desk.fetching))
        log: Any = self.journal
        means = FetchMeans(
            store=store or self.store, transport=self.vendor, clock=self.clock, log=log, meters=Meters(),
            dice=Random(1), fetched=lambda: None,
        )  # fmt: skip
        self.fetcher = Fetcher({desk.name: desk}, means)
        self.fetcher.start()

    def leave(self) -> None:
        """As a stop begins: no further call."""
        assert self.fetcher is not None
        for worker in self.fetcher._workers.values():
            worker.leave()

    async def stop(self) -> None:
        assert self.fetcher is not None
        await self.fetcher.stop()

    async def announced(self, name: str, body: bytes) -> None:
        item = NewItem(submission_id=name, state="awaiting_fetch")
        await self.store.accept(new_request(item, source="posts", body=body, at=self.clock.now()))
        if self.fetcher is not None:
            self.fetcher.wake("posts")

    async def state(self, name: str) -> str:
        row = await self.store.submission(name)
        assert row is not None
        return row.state

    async def all_fetched(self, *names: str) -> None:
        async def fetched() -> bool:
            return {await self.state(name) for name in names} == {"received"}

        await until(fetched)

    async def tried(self, name: str, times: int) -> None:
        async def is_stored() -> bool:
            row = await self.store.submission(name)
            return row is not None and row.fetch_tries >= times

        await until(is_stored)
