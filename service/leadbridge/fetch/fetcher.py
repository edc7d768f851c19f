"""The fetch stage at work: a worker for each source that fetches, and a look for what others left."""

import asyncio
from collections.abc import Mapping
from typing import Final

from leadbridge.desk import Desk
from leadbridge.errors import StorageUnavailable
from leadbridge.fetch.source import FetchMeans, SourceFetcher
from leadbridge.store.fetching import FetchBacklog
from leadbridge.supervise import keep_running

EVERY: Final = 15.0  # seconds between two looks for what another process took in, or left
MOST_OF_TIME: Final = 0.05  # that looks may take: they go through all that waits
GRACE: Final = 10.0  # seconds a stop waits for calls under way


class Fetcher:
    """Fetches what is stored as `awaiting_fetch`."""

    def __init__(self, desks: Mapping[str, Desk], means: FetchMeans) -> None:
        self._means = means
        self._log = means.log
        self._workers = {
            name: SourceFetcher(desk, desk.fetching, means) for name, desk in desks.items() if desk.fetching is not None
        }
        self._at_work: list[asyncio.Task[None]] = []
        self._watching: asyncio.Task[None] | None = None
        self._said_stranded: set[str] = set()

    def wake(self, source: str) -> None:
        """Leads of a source were announced."""
        if source in self._workers:
            self._workers[source].wake()

    def look_again(self) -> None:
        """Another process changed something: submissions may be fetched once more."""
        for worker in self._workers.values():
            worker.wake()

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._at_work = [asyncio.create_task(self._run(worker)) for worker in self._workers.values()]
        watch = keep_running(self._watch, name="fetch", rest=self._means.clock.pause, log=self._log)
        self._watching = asyncio.create_task(watch, name="fetch")

    async def stop(self) -> None:
        """Finish the calls under way within `GRACE` seconds; what is not finished is fetched after the next start."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for worker in self._workers.values():
            worker.leave()
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=GRACE)
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
        await self._means.transport.close()

    async def _run(self, worker: SourceFetcher) -> None:
        await keep_running(worker.run, name="fetch", rest=self._means.clock.pause, log=self._log)

    async def _watch(self) -> None:
        """Wake the workers of what other processes took in and did not fetch, and say what nobody here fetches."""
        while True:
            began = self._means.clock.monotonic()
            try:
                for backlog in await self._means.store.fetch_backlogs():
                    if backlog.source in self._workers:
                        self._workers[backlog.source].wake()
                    elif backlog.waiting:
                        self._say_stranded(backlog)
            except StorageUnavailable as error:
                self._log.error("storage.unavailable", problem=str(error), retry_in_s=EVERY)
            took = self._means.clock.monotonic() - began
            await self._means.clock.pause(max(EVERY, took / MOST_OF_TIME))

    def _say_stranded(self, backlog: FetchBacklog) -> None:
        """Once: what waits for a source that has no `fetch:` any more waits until it has it again."""
        if backlog.source not in self._said_stranded:
            self._said_stranded.add(backlog.source)
            problem = "the configuration has no `fetch:` for this source any more; put it back, and they go on"
            self._log.warning("fetch.stranded", source=backlog.source, submissions=backlog.waiting, problem=problem)
