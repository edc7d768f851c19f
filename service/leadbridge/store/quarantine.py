"""What the quarantine needs of a database: sealed requests whose sender was not proved, a bounded number of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from leadbridge.clock import Millis

MOST_BYTES: Final = 256 * 1024 * 1024  # of all sealed requests together: strangers fill it


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRequest:
    """A request as it arrived, credentials and all, under a key that is not in the database."""

    id: str
    source: str
    received_at: Millis
    reason: str  # why its sender is not proved
    sealed: bytes = field(repr=False)


class QuarantineStore(Protocol):
    """The durable quarantine of several processes on one database.

    Each method is a short transaction of its own. All raise `errors.StorageUnavailable`.
    """

    async def keep(self, request: SealedRequest, *, most: int) -> bool:
        """Store a request; False when `most` of its source, or `MOST_BYTES` of all, are there already."""

    async def kept(self, source: str, *, after: str = "", limit: int) -> tuple[SealedRequest, ...]:
        """The requests of a source by their ids, that is in the order of their arrival, behind the id `after`."""

    async def counts(self) -> Mapping[str, int]:
        """How many requests of each source are kept."""

    async def drop(self, ids: Collection[str]) -> int:
        """Delete requests; how many were there."""

    async def forget(self, before: Millis) -> int:
        """Delete what arrived before a time; how many that were."""

    async def close(self) -> None:
        """Close the database; nothing can be asked afterwards."""
