"""A rotating refresh token, exchanged once over all processes.

A refresh token is good for one exchange; for 30 seconds after it the vendor gives the same answer again. So whoever is
about to exchange it says so on disk first, and stores the answer before anybody uses it. A process that dies in between
leaves its intent: once that is older than any call can be, another takes it over with the same refresh token. Whoever
finds at the end that the stored tokens are others than those it exchanged takes the stored ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from leadbridge.clock import Clock, Millis
from leadbridge.crm.adapter import Grant
from leadbridge.errors import GrantLost, StorageUnavailable, TokenUnavailable
from leadbridge.logs import Logger
from leadbridge.store.tokens import TokenRow
from leadbridge.tokens.exchange import DEADLINE, Exchange, Issued, Refusal
from leadbridge.tokens.vault import Kept, Tokens, Vault

SPARE: Final = 60.0  # seconds before its end from which an access token is not used any more
BEGIN_WITHIN: Final = 2.0  # seconds from the intent to the call; later, somebody else may have begun
INTENT_LIFE: Final = DEADLINE + BEGIN_WITHIN  # seconds after which nothing of an intent is under way
POLL: Final = 0.2  # seconds between looks at what another process is doing
PATIENCE: Final = 45.0  # seconds to wait for other processes, which may take over from one another
TRIES: Final = 3  # calls with one refresh token in a row: at the worst the last begins 22 s after the first
PAUSE: Final = 1.0  # seconds between them
INACTIVE: Final = 900.0  # seconds until a location that is switched off is asked about again
REFUSED: Final = 300.0  # seconds until a refusal that nobody knows is tried again
BUSY: Final = 60.0  # seconds, where a 429 does not say

Mend: TypeAlias = Callable[[Grant], str]  # the command that brings a grant back
Unusable: TypeAlias = GrantLost | TokenUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeftOver:
    """An answer that could not be stored when it came."""

    tokens: Tokens
    version: int  # of the row that it replaces


class Rotation:
    """The tokens of grants, refreshed where needed."""

    def __init__(self, vault: Vault, exchange: Exchange, *, clock: Clock, log: Logger, by: str, mend: Mend) -> None:
        """`by` names this process among all that ever were."""
        self._vault = vault
        self._exchange = exchange
        self._clock = clock
        self._log = log
        self._by = by
        self._mend = mend
        self._left_over: dict[str, _LeftOver] = {}

    async def current(self, grant: Grant, *, refused: str | None = None, rest: Unusable | None = None) -> Tokens:
        """Tokens that can be used, and are not those whose access token was `refused`.

        With `rest` the vendor is not asked: that is raised where it would be. For one caller of a grant at a time.
        """
        await self._store_left_over(grant.name)
        patience = self._clock.monotonic() + PATIENCE
        calls = 0
        while self._clock.monotonic() < patience:
            kept = await self._seeded(grant)
            if kept is None:
                raise GrantLost(f"{grant.name} is not connected yet: run `{self._mend(grant)}`")
            if is_usable(kept.tokens, refused=refused, now=self._clock.now()):
                return kept.tokens
            refresh_token = self._refresh_token(grant, kept)
            if self._is_under_way(kept.row):
                await self._clock.pause(POLL)
                continue
            if rest is not None:
                raise rest
            begun, now = self._clock.monotonic(), self._clock.now()
            intended = await self._vault.intend(kept.row, by=self._by)
            if not intended or self._clock.monotonic() - begun > BEGIN_WITHIN:
                continue
            answer = await self._exchange.refresh(grant, refresh_token)
            if isinstance(answer, Issued):
                stored = await self._store(grant, kept, answer, asked_at=now)
                if stored is not None:
                    return stored
                continue
            calls += 1
            if answer.cause == "unsure" and calls < TRIES:
                await self._clock.pause(PAUSE)
                continue
            await self._refused(grant, kept, answer)
        raise TokenUnavailable(f"other processes are refreshing the tokens of {grant.name}", after=PAUSE)

    def _refresh_token(self, grant: Grant, kept: Kept) -> str:
        """What can be exchanged; raises `GrantLost` when there is nothing."""
        why = kept.row.detail or "the vendor gave no refresh token"
        if kept.row.lost_at is not None or kept.tokens.refresh_token is None:
            raise self._lost(grant, why)
        return kept.tokens.refresh_token

    def _lost(self, grant: Grant, why: str) -> GrantLost:
        return GrantLost(f"{grant.name} gives no more tokens ({why}): run `{self._mend(grant)}`")

    def _is_under_way(self, row: TokenRow) -> bool:
        """Whether another process may be in the middle of a call; an intent from the future is of another clock."""
        if row.intent_at is None or row.intent_by == self._by:
            return False
        return abs(self._clock.now() - row.intent_at) <= INTENT_LIFE * 1000

    async def _seeded(self, grant: Grant) -> Kept | None:
        """What is stored, after the configuration's refresh token was taken if it is a new one."""
        kept = await self._vault.kept(grant.name)
        if grant.seed is None or (kept is not None and kept.tokens.has_seen(grant.seed)):
            return kept
        before = kept.tokens if kept is not None else Tokens()
        tokens = Tokens(refresh_token=grant.seed, seeds=before.seeds).having_seen(grant.seed)
        if await self._vault.put(grant.name, tokens, version=kept.row.version if kept is not None else 0):
            self._log.info("token.seeded", grant=grant.name)
        return await self._vault.kept(grant.name)

    async def _store(self, grant: Grant, kept: Kept, issued: Issued, *, asked_at: Millis) -> Tokens | None:
        """The new tokens, once they are on disk; None when others were stored meanwhile."""
        tokens = tokens_of(issued, before=kept.tokens, asked_at=asked_at)
        try:
            stored = await self._vault.put(grant.name, tokens, version=kept.row.version)
        except StorageUnavailable:
            self._left_over[grant.name] = _LeftOver(tokens=tokens, version=kept.row.version)
            raise
        if not stored:
            return None
        self._log.info(
            "token.refreshed",
            grant=grant.name,
            taken_over=kept.row.intent_by not in (None, self._by),
            expires_in_s=round(issued.life),
            duration_ms=self._clock.now() - asked_at,
        )
        return tokens

    async def _store_left_over(self, name: str) -> None:
        """Store the answer that could not be stored when it came, unless others are stored by now."""
        left_over = self._left_over.get(name)
        if left_over is not None:
            await self._vault.put(name, left_over.tokens, version=left_over.version)
            del self._left_over[name]

    async def _refused(self, grant: Grant, kept: Kept, refusal: Refusal) -> None:
        """Raise what a refusal means; return when somebody else has been faster, and the row is to be read again."""
        if refusal.cause == "spent":
            if await self._vault.lose(kept.row, by=self._by, detail=refusal.detail):
                self._log.error("token.lost", grant=grant.name, detail=refusal.detail)
                raise self._lost(grant, refusal.detail)
            return
        if refusal.cause == "unsure":  # the intent stays ours: the same refresh token is tried again first
            raise TokenUnavailable(refusal.detail, after=refusal.after)
        await self._vault.abandon(kept.row, by=self._by)
        if refusal.cause == "client":
            raise GrantLost(f"{refusal.detail}. Mend `oauth.client_id` and `oauth.client_secret`, and restart")
        if refusal.cause == "inactive":
            why = "The location is switched off by its agency; its tokens are kept until it is active again"
            raise TokenUnavailable(f"{refusal.detail}. {why}", after=INACTIVE)
        usual = BUSY if refusal.cause == "busy" else REFUSED
        raise TokenUnavailable(refusal.detail, after=refusal.after or usual)


def is_usable(tokens: Tokens, *, refused: str | None, now: Millis) -> bool:
    """Whether there is an access token that is good for a while, and was not refused."""
    return now < tokens.use_until and tokens.access_token != refused


def tokens_of(issued: Issued, *, before: Tokens, asked_at: Millis) -> Tokens:
    """What is stored of an answer; the refresh token stays as it was when there is none in it (RFC 6749, 6)."""
    good_for = issued.life - min(SPARE, issued.life / 2)
    return Tokens(
        access_token=issued.access_token,
        use_until=asked_at + int(good_for * 1000),
        refresh_token=issued.refresh_token or before.refresh_token,
        seeds=before.seeds,
    )
