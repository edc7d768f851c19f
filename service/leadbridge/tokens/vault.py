"""The durable, encrypted tokens of every grant."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from leadbridge.clock import Millis, Time
from leadbridge.store.tokens import TokenRow, TokenStore
from leadbridge.tokens.sealing import Sealing, WrongKey

_SEEDS: Final = 50  # refresh tokens of the configuration that are remembered, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What is stored of a grant. An access token is good until `use_until`; there is none before the first refresh.

    `seeds` are digests of the refresh tokens that the configuration ever gave: one that is not among them is new.
    """

    access_token: str = field(default="", repr=False)
    use_until: Millis = 0
    refresh_token: str | None = field(default=None, repr=False)
    seeds: tuple[str, ...] = ()

    def has_seen(self, seed: str | None) -> bool:
        """Whether a refresh token of the configuration was taken, or refused, before; none is nothing new."""
        return seed is None or digest(seed) in self.seeds

    def having_seen(self, seed: str | None) -> "Tokens":
        """These tokens, with a refresh token of the configuration among those that are not taken any more."""
        if seed is None or self.has_seen(seed):
            return self
        return replace(self, seeds=(*self.seeds, digest(seed))[-_SEEDS:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row of the vault, opened."""

    row: TokenRow
    tokens: Tokens


class Vault:
    """Every grant's tokens, sealed under the keys of the environment.

    What it answers True to is on disk. Raises `StorageUnavailable`, and `WrongKey` for what no key opens.
    """

    def __init__(self, store: TokenStore, sealing: Sealing, clock: Time) -> None:
        self._store = store
        self._sealing = sealing
        self._clock = clock

    async def kept(self, name: str) -> Kept | None:
        """What is stored for a grant."""
        row = await self._store.token(name)
        return None if row is None else Kept(row=row, tokens=self._opened(row))

    async def put(self, name: str, tokens: Tokens, *, version: int, by: str | None = None) -> bool:
        """Store tokens in the place of those of `version` (0: of none); False when others are stored by now.

        With `by` only while the intent is theirs.
        """
        sealed, now = self._sealed(name, tokens), self._clock.now()
        return await self._store.put_token(name, sealed, version=version, now=now, by=by)

    async def force(self, name: str, tokens: Tokens) -> None:
        """Store tokens in the place of whatever is there, also of what no key opens."""
        stored = False
        while not stored:
            row = await self._store.token(name)
            stored = await self.put(name, tokens, version=row.version if row else 0)

    async def intend(self, seen: TokenRow, *, by: str) -> bool:
        """Store the intent to exchange what was `seen`; False when somebody else was faster."""
        return await self._store.begin_exchange(seen, by=by, now=self._clock.now())

    async def abandon(self, seen: TokenRow, *, by: str) -> bool:
        """Take back an intent: nothing is under way; False when it was taken over."""
        return await self._store.end_exchange(seen.name, version=seen.version, by=by)

    async def lose(self, seen: TokenRow, *, by: str, detail: str) -> bool:
        """Store that the tokens are refused for good; False when they, or the intent, are others by now."""
        now = self._clock.now()
        return await self._store.lose_token(seen.name, version=seen.version, by=by, detail=detail, now=now)

    async def locked(self) -> tuple[str, ...]:
        """The grants whose tokens none of the keys opens."""
        return tuple([row.name for row in await self._store.tokens() if not self._opens(row)])

    async def reseal(self) -> int:
        """Put everything that an older key sealed under the newest; returns how much there was."""
        count = 0
        for row in await self._store.tokens():
            if self._opens(row) and not self._sealing.is_newest(row.sealed):
                sealed = self._sealing.seal(self._sealing.opened(row.sealed))
                count += await self._store.reseal_token(row.name, sealed, version=row.version)
        return count

    async def close(self) -> None:
        """Close the database; nothing can be asked afterwards."""
        await self._store.close()

    def _sealed(self, name: str, tokens: Tokens) -> bytes:
        content = {
            "grant": name,
            "access_token": tokens.access_token,
            "use_until": tokens.use_until,
            "refresh_token": tokens.refresh_token,
            "seeds": list(tokens.seeds),
        }
        return self._sealing.seal(orjson.dumps(content))

    def _opened(self, row: TokenRow) -> Tokens:
        content = orjson.loads(self._sealing.opened(row.sealed))
        if content["grant"] != row.name:  # put there from another row, by hand
            raise WrongKey
        return Tokens(
            access_token=content["access_token"],
            use_until=content["use_until"],
            refresh_token=content["refresh_token"],
            seeds=tuple(content["seeds"]),
        )

    def _opens(self, row: TokenRow) -> bool:
        try:
            self._opened(row)
        except WrongKey:
            return False
        return True


def digest(seed: str) -> str:
    """What tells a refresh token of the configuration from another; stored within what is sealed, and so keyed."""
    return hashlib.sha256(seed.encode()).hexdigest()
