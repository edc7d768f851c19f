"""The load: many keep-alive connections, each sending its next request when the last is answered.

A protocol over httptools instead of a client library, so that the sender takes as little as possible of the machine
that both sides share.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import httptools

from benchmarks.processes import BenchmarkFailed

PATIENCE: Final = 120.0  # seconds one load may take


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What a load saw."""

    seconds: float  # from the first request to the last answer
    statuses: Counter[int]
    sender_busy: float  # share of one core that the sender itself used: near 1.0 it was the sender that was measured

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.statuses.total() / self.seconds


async def load(requests: Iterator[bytes], *, port: int, connections: int) -> LoadResult:
    """Send every request over so many connections; raises `BenchmarkFailed` when one of them breaks."""
    job = _Job(requests)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: _Sender(job), "127.0.0.1", port) for _ in range(connections)]
    began, cpu = time.perf_counter(), time.process_time()
    senders = [sender for _, sender in opened]
    job.at_work = len(senders)
    for sender in senders:
        sender.send_next()
    try:
        async with asyncio.timeout(PATIENCE):
            await job.finished
    except TimeoutError as error:
        answered = job.statuses.total()
        raise BenchmarkFailed(f"only {answered} requests were answered within {PATIENCE:g} s") from error
    finally:
        for transport, _ in opened:
            transport.close()
    seconds = time.perf_counter() - began
    return LoadResult(seconds=seconds, statuses=job.statuses, sender_busy=(time.process_time() - cpu) / seconds)


class _Job:
    """What all connections share."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.statuses: Counter[int] = Counter()
        self.at_work = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, why: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(BenchmarkFailed(why))


class _Sender(asyncio.Protocol):
    def __init__(self, job: _Job) -> None:
        self._job = job
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)

    def send_next(self) -> None:
        request = next(self._job.requests, None)
        if request is not None:
            self._transport.write(request)
            return
        self._job.at_work -= 1
        if self._job.at_work == 0 and not self._job.finished.done():
            self._job.finished.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._job.statuses[self._parser.get_status_code()] += 1
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._job.fail(f"a connection broke under load: {exc or 'closed by the server'}")
