"""Requests whose sender was not proved, set aside where a source asks for it: a wrong secret of ours loses no lead.

They are sealed whole: to be verified again they need the very credentials that are never stored in clear.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import orjson

from leadbridge.clock import Clock, Millis
from leadbridge.errors import SignatureReason, StorageUnavailable
from leadbridge.events import Received
from leadbridge.ids import new_id
from leadbridge.logs import Logger
from leadbridge.store.quarantine import QuarantineStore, SealedRequest
from leadbridge.tokens.sealing import Sealing

AT_ONCE: Final = 4  # requests on their way in: forged ones come in floods, and must not take what accepts need
SAID_EVERY: Final = 10.0  # seconds between two log lines about what finds no room
FULL_FOR: Final = 10.0  # seconds for which a source that found no room is not asked for again
_LARGE: Final = 64 * 1024  # bytes that are sealed in a thread: senders wait for the event loop meanwhile


class Quarantine:
    """Where one process sets requests aside."""

    def __init__(self, store: QuarantineStore, sealing: Sealing, *, clock: Clock, log: Logger) -> None:
        self._store = store
        self._sealing = sealing
        self._clock = clock
        self._log = log
        self._under_way = 0
        self._left_out: dict[tuple[str, str], int] = {}  # by source and reason, since it was last said
        self._said_at: float | None = None
        self._full_at: dict[str, float] = {}  # by source, when it found no room

    async def keep(self, received: Received, *, reason: SignatureReason, most: int) -> None:
        """Set a request aside, unless `most` of its source are there; trouble of the database is only logged."""
        if self._is_full(received.source):  # before it is sealed: forged requests must cost little
            self._leave_out(received.source, "the quarantine is full")
            return
        if self._under_way >= AT_ONCE:
            self._leave_out(received.source, "too many came at once")
            return
        self._under_way += 1
        try:
            if len(received.body) > _LARGE:
                request = await asyncio.to_thread(sealed, self._sealing, received, reason=reason)
            else:
                request = sealed(self._sealing, received, reason=reason)
            kept = await self._store.keep(request, most=most)
        except StorageUnavailable as error:
            self._leave_out(received.source, str(error))
        else:
            if kept:
                self._log.warning("request.quarantined", source=received.source, reason=reason, request=request.id)
            else:
                self._full_at[received.source] = self._clock.monotonic()
                self._leave_out(received.source, "the quarantine is full")
        finally:
            self._under_way -= 1

    async def forget(self, before: Millis) -> None:
        """Delete what was set aside before a time."""
        await _forget(self._store, before, log=self._log)

    async def tell(self) -> None:
        """Say of which sources requests wait for a person; raises `StorageUnavailable`."""
        await _tell(self._store, log=self._log)

    async def close(self) -> None:
        """Close the quarantine's database; nothing can be set aside afterwards."""
        await self._store.close()

    def _is_full(self, source: str) -> bool:
        at = self._full_at.get(source)
        return at is not None and self._clock.monotonic() - at < FULL_FOR

    def _leave_out(self, source: str, why: str) -> None:
        """Say it now and then: a line for each of a flood would fill the disk."""
        self._left_out[source, why] = self._left_out.get((source, why), 0) + 1
        now = self._clock.monotonic()
        if self._said_at is None or now - self._said_at >= SAID_EVERY:
            self._said_at = now
            for (name, problem), requests in self._left_out.items():
                self._log.warning("quarantine.left_out", source=name, requests=requests, problem=problem)
            self._left_out.clear()


class Leftovers:
    """What is in quarantine while no source asks for one any more: nothing is added, and what is old goes."""

    def __init__(self, opened: Callable[[], QuarantineStore], *, log: Logger) -> None:
        """`opened` opens the quarantine, for a moment: no connection is kept for what is mostly empty."""
        self._opened = opened
        self._log = log

    async def forget(self, before: Millis) -> None:
        """Delete what was set aside before a time."""
        store = self._opened()
        try:
            await _forget(store, before, log=self._log)
        finally:
            await store.close()

    async def tell(self) -> None:
        """Say of which sources requests wait for a person; raises `StorageUnavailable`."""
        store = self._opened()
        try:
            await _tell(store, log=self._log)
        finally:
            await store.close()

    async def close(self) -> None:
        """Nothing to do: it is open only while it is asked."""


async def _forget(store: QuarantineStore, before: Millis, *, log: Logger) -> None:
    if requests := await store.forget(before):
        log.info("quarantine.pruned", requests=requests)


async def _tell(store: QuarantineStore, *, log: Logger) -> None:
    for source, requests in sorted((await store.counts()).items()):
        log.warning("quarantine.waiting", source=source, requests=requests)


def sealed(sealing: Sealing, received: Received, *, reason: SignatureReason) -> SealedRequest:
    """A request as it is set aside."""
    said = {"method": received.method, "url": received.url, "headers": dict(received.headers)}
    return SealedRequest(
        id=new_id(),
        source=received.source,
        received_at=received.received_at,
        reason=reason,
        sealed=sealing.seal(orjson.dumps(said) + b"\n" + received.body),
    )


def opened(sealing: Sealing, request: SealedRequest) -> Received:
    """The request as it arrived; raises `WrongKey`."""
    said, _, body = sealing.opened(request.sealed).partition(b"\n")
    return Received(source=request.source, received_at=request.received_at, body=body, **orjson.loads(said))
