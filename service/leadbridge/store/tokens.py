"""What the tokens need of a database: a row for each grant, replaced only by who saw what it replaces."""

from dataclasses import dataclass, field
from typing import Protocol

from leadbridge.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """What is stored for one grant.

    `version` counts what was `sealed` so far: it changes when tokens are replaced, and by nothing else. An intent says
    who is about to exchange the refresh token, and since when.
    """

    name: str
    version: int
    sealed: bytes = field(repr=False)
    intent_at: Millis | None
    intent_by: str | None
    lost_at: Millis | None  # when the vendor refused the refresh token for good
    detail: str | None  # why it is lost
    updated_at: Millis


class TokenStore(Protocol):
    """The durable tokens of several processes on one database.

    Each method is a short transaction of its own: what is True is on disk. All raise `errors.StorageUnavailable`.
    """

    async def token(self, name: str) -> TokenRow | None:
        """What is stored for a grant."""

    async def tokens(self) -> tuple[TokenRow, ...]:
        """What is stored for every grant, by name."""

    async def put_token(self, name: str, sealed: bytes, *, version: int, now: Millis, by: str | None = None) -> bool:
        """Store tokens in the place of those of `version` (0: of none); the intent, and that they were lost, end.

        False, and nothing is changed, when others are stored by now; with `by` also when the intent is not theirs.
        """

    async def reseal_token(self, name: str, sealed: bytes, *, version: int) -> bool:
        """Store the same tokens under another key; whoever exchanges them meanwhile is not disturbed."""

    async def begin_exchange(self, seen: TokenRow, *, by: str, now: Millis) -> bool:
        """Store the intent to exchange what was `seen`; False when tokens or intent are others by now."""

    async def end_exchange(self, name: str, *, version: int, by: str) -> bool:
        """Take back an intent: nothing is under way; False when it was taken over."""

    async def lose_token(self, name: str, *, version: int, by: str, detail: str, now: Millis) -> bool:
        """Store that the vendor refused these tokens for good; False when they, or the intent, are others by now."""

    async def close(self) -> None:
        """Close the file; nothing can be asked afterwards."""
