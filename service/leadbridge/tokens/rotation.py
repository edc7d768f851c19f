"""A rotating refresh token, exchanged once over all processes.

A refresh token is good for one exchange; for 30 seconds after it the vendor gives the same answer again. So whoever is
about to exchange it says so on disk first, and stores the answer before anybody uses it. A process that dies in between
leaves its intent: once that is older than any call can be, another takes it over with the same refresh token. Whoever
finds at the end that the stored tokens are others than those it exchanged takes the stored ones.

A new refresh token in the configuration is tried first, and the stored tokens stay until it has worked: it may be an
old one that somebody put back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from leadbridge.clock import Millis, Time
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

    def __init__(self, vault: Vault, exchange: Exchange, *, clock: Time, log: Logger, by: str, mend: Mend) -> None:
        """`by` names this process among all that ever were."""
        self._vault = vault
        self._exchange = exchange
        self._clock = clock
        self._log = log
        self._by = by
        self._mend = mend
        self._left_over: dict[str, _LeftOver] = {}
        self._seed_refusals: dict[str, str] = {}  # what the vendor said last of a new one of the configuration

    async def current(self, grant: Grant, *, refused: str | None = None, rest: Unusable | None = None) -> Tokens:
        """Tokens that can be used, and are not those whose access token was `refused`.

        With `rest` the vendor is not asked: that is raised where it would be. For one caller of a grant at a time.
        """
        await self._store_left_over(grant.name)
        patience = self._clock.monotonic() + PATIENCE
        calls, try_seed = 0, rest is None
        while self._clock.monotonic() < patience:
            kept = await self._seeded(grant)
            if kept is None:
                raise GrantLost(f"{grant.name} is not connected yet: run `{self._mend(grant)}`")
            seed = grant.seed if try_seed and not kept.tokens.has_seen(grant.seed) else None
            if seed is None and is_usable(kept.tokens, refused=refused, now=self._clock.now()):
                return kept.tokens
            refresh_token = seed or self._refresh_token(grant, kept)
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
                stored = await self._store(grant, kept, answer, asked_at=now, seed=seed)
                if stored is not None:
                    return stored
                continue
            calls += 1
            if answer.cause == "unsure" and calls < TRIES:
                await self._clock.pause(PAUSE)
            elif seed is not None:
                await self._seed_refused(grant, kept, seed, answer)
                calls, try_seed = 0, False
            else:
                await self._refused(grant, kept, answer)
        raise TokenUnavailable(f"other processes are refreshing the tokens of {grant.name}", after=PAUSE)

    def _refresh_token(self, grant: Grant, kept: Kept) -> str:
        """What can be exchanged; raises `GrantLost` when there is nothing."""
        why = kept.row.detail or self._with_seed(grant, "the vendor gave no refresh token")
        if kept.row.lost_at is not None or kept.tokens.refresh_token is None:
            raise self._lost(grant, why)
        return kept.tokens.refresh_token

    def _with_seed(self, grant: Grant, why: str) -> str:
        """Why the stored refresh token is of no use, and what was said of the configuration's before it."""
        of_seed = self._seed_refusals.get(grant.name)
        if of_seed is None:
            return why
        return (
            f"{why}, of the stored refresh token; and of the new `oauth.refresh_token` of the configuration: {of_seed}"
        )

    def _lost(self, grant: Grant, why: str) -> GrantLost:
        return GrantLost(f"{grant.name} gives no more tokens ({why}): run `{self._mend(grant)}`")

    def _is_under_way(self, row: TokenRow) -> bool:
        """Whether another process may be in the middle of a call; an intent from the future is of another clock."""
        if row.intent_at is None or row.intent_by == self._by:
            return False
        return abs(self._clock.now() - row.intent_at) <= INTENT_LIFE * 1000

    async def _seeded(self, grant: Grant) -> Kept | None:
        """What is stored; the configuration's refresh token where there is nothing, or only what is lost."""
        kept = await self._vault.kept(grant.name)
        if grant.seed is None or (kept is not None and (kept.row.lost_at is None or kept.tokens.has_seen(grant.seed))):
            return kept
        before = kept.tokens if kept is not None else Tokens()
        tokens = Tokens(refresh_token=grant.seed, seeds=before.seeds).having_seen(grant.seed)
        if await self._vault.put(grant.name, tokens, version=kept.row.version if kept is not None else 0):
            self._log.info("token.seeded", grant=grant.name)
        return await self._vault.kept(grant.name)

    async def _store(
        self, grant: Grant, kept: Kept, issued: Issued, *, asked_at: Millis, seed: str | None
    ) -> Tokens | None:
        """The new tokens, once they are on disk; None when others were stored meanwhile."""
        exchanged, stored = kept.tokens.refresh_token, False
        while not stored:
            before = kept.tokens if seed is None else replace(kept.tokens, refresh_token=seed).having_seen(seed)
            tokens = tokens_of(issued, before=before, asked_at=asked_at)
            try:
                stored = await self._vault.put(grant.name, tokens, version=kept.row.version)
            except StorageUnavailable:
                self._left_over[grant.name] = _LeftOver(tokens=tokens, version=kept.row.version)
                raise
            if not stored:
                found = await self._vault.kept(grant.name)
                if found is None or found.tokens.refresh_token != exchanged:
                    return None
                kept = found  # another process only noted that the configuration's refresh token was refused
        if seed is not None:
            self._log.info("token.seeded", grant=grant.name)
        self._seed_refusals.pop(grant.name, None)
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

    async def _seed_refused(self, grant: Grant, kept: Kept, seed: str, refusal: Refusal) -> None:
        """Go on with what is stored; a refresh token that is not good any more is not tried again."""
        self._seed_refusals[grant.name] = refusal.detail
        spent = refusal.cause == "spent"
        if spent:
            await self._vault.put(grant.name, kept.tokens.having_seen(seed), version=kept.row.version, by=self._by)
        elif refusal.cause != "unsure":
            await self._vault.abandon(kept.row, by=self._by)
        self._log.warning("token.seed_refused", grant=grant.name, detail=refusal.detail, for_good=spent)

    async def _refused(self, grant: Grant, kept: Kept, refusal: Refusal) -> None:
        """Raise what a refusal means; return when somebody else has been faster, and the row is to be read again."""
        if refusal.cause == "spent":
            why = self._with_seed(grant, refusal.detail)
            if await self._vault.lose(kept.row, by=self._by, detail=why):
                self._log.error("token.lost", grant=grant.name, detail=why)
                raise self._lost(grant, why)
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
