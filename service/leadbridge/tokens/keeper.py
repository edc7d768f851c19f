"""Gives every call its access token: from memory, from the vault, or from the vendor."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from leadbridge.clock import Millis, Time
from leadbridge.crm.adapter import Grant
from leadbridge.errors import GrantLost, StorageUnavailable, TokenUnavailable
from leadbridge.ids import new_id
from leadbridge.logs import Logger
from leadbridge.tokens.exchange import DEADLINE, Exchange, Issued, Refusal
from leadbridge.tokens.rotation import REFUSED, Rotation, Unusable, is_usable, tokens_of
from leadbridge.tokens.sealing import VARIABLE, WrongKey
from leadbridge.tokens.vault import Tokens, Vault

FIRST_REST: Final = 5.0  # seconds without a call to the vendor after one that failed; doubled each time, up to
LONGEST_REST: Final = 300.0
IDLE: Final = 30 * 86_400  # seconds without a call, after which a grant is used: the vendor ends it after a year
LOOK: Final = 86_400.0  # seconds between looks for such


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    access_token: str = field(repr=False)
    use_until: Millis
    seed: str | None = field(repr=False)  # what the configuration said when this was had


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    error: Unusable
    until: float  # monotonic seconds
    failures: int


class TokenKeeper:
    """The access tokens of this process, shared with all others through the vault."""

    def __init__(
        self,
        vault: Vault,
        exchange: Exchange,
        *,
        clock: Time,
        log: Logger,
        destinations: Mapping[str, str],
    ) -> None:
        """`destinations` names one that uses it for each grant, by the grant's name."""
        self._vault = vault
        self._exchange = exchange
        self._clock = clock
        self._log = log
        self._destinations = destinations
        by = f"{os.getpid()}-{new_id()}"
        self._rotation = Rotation(vault, exchange, clock=clock, log=log, by=by, mend=self._mend)
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}
        self._rests: dict[str, _Rest] = {}
        self._refused: dict[str, str] = {}  # the access token that the CRM refused last

    async def token(self, grant: Grant) -> str:
        """An access token that can be used now; raises `GrantLost` or `TokenUnavailable`. Fast when one is known."""
        known = self._known.get(_name(grant))
        if known is not None and self._clock.now() < known.use_until and known.seed == grant.seed:
            return known.access_token
        return await self._asked(grant, refused=None)

    async def refresh(self, grant: Grant, *, refused: str) -> str:
        """Another access token than the one that the CRM refused; raises as `token` does.

        When another was stored since, by any process, it is that one, and nothing is refreshed.
        """
        name = _name(grant)
        known = self._known.get(name)
        if known is not None and known.access_token == refused:
            del self._known[name]
        self._refused[name] = refused
        return await self._asked(grant, refused=refused)

    async def adopt(self, grant: Grant, issued: Issued) -> None:
        """Store what a person's authorization gave in the place of all that is there; raises `StorageUnavailable`."""
        seeds: tuple[str, ...] = ()
        with suppress(WrongKey):
            kept = await self._vault.kept(grant.name)
            seeds = kept.tokens.seeds if kept is not None else ()
        tokens = tokens_of(issued, before=Tokens(seeds=seeds), asked_at=self._clock.now())
        await self._vault.force(grant.name, tokens.having_seen(grant.seed))

    async def keep_alive(self, grants: Iterable[Grant]) -> None:
        """Refresh those of these grants that nothing was called under for a month; looks once a day until cancelled."""
        ours = {grant.name: replace(grant, location_id=None) if _is_agency(grant) else grant for grant in grants}
        while True:
            for grant in ours.values():
                with suppress(GrantLost, TokenUnavailable, StorageUnavailable, WrongKey):  # the next call tells of it
                    await self._use_if_idle(grant)
            await self._clock.pause(LOOK)

    async def _use_if_idle(self, grant: Grant) -> None:
        kept = await self._vault.kept(grant.name)
        idle = kept is not None and kept.row.lost_at is None and self._clock.now() - kept.row.updated_at > IDLE * 1000
        if idle:
            await self.token(grant)

    async def close(self) -> None:
        """Let refreshes that are under way end, so that no answer is lost; then let the database go."""
        under_way = set(self._asking.values())
        if under_way:
            _, still = await asyncio.wait(under_way, timeout=DEADLINE)
            for task in still:  # they wait for another process
                task.cancel()
            await asyncio.gather(*still, return_exceptions=True)
        await self._exchange.close()
        await self._vault.close()

    async def _asked(self, grant: Grant, *, refused: str | None) -> str:
        """Ask once for all who ask at the same time; who gives up waiting does not stop it."""
        name = _name(grant)
        while (asking := self._asking.get(name)) is not None:
            token = await asyncio.shield(asking)
            if token != refused:
                return token
        asking = asyncio.create_task(self._obtained(grant), name=f"token of {name}")
        self._asking[name] = asking
        asking.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(asking)

    def _forget(self, name: str, done: asyncio.Task[str]) -> None:
        del self._asking[name]
        if not done.cancelled():
            done.exception()  # seen here, when everybody who asked has gone

    async def _obtained(self, grant: Grant) -> str:
        name = _name(grant)
        refused = self._refused.get(name)
        try:
            tokens = await (self._of_location if _is_agency(grant) else self._rotated)(grant, refused)
        except WrongKey:
            raise TokenUnavailable(_locked(name), after=REFUSED) from None
        except StorageUnavailable as error:
            raise TokenUnavailable(str(error), after=FIRST_REST) from error
        self._rests.pop(name, None)
        if self._refused.get(name) == refused:  # else one was refused meanwhile, which may be this
            self._known[name] = _Known(access_token=tokens.access_token, use_until=tokens.use_until, seed=grant.seed)
        return tokens.access_token

    async def _rotated(self, grant: Grant, refused: str | None) -> Tokens:
        rest = self._resting(grant.name)
        try:
            return await self._rotation.current(grant, refused=refused, rest=rest)
        except (GrantLost, TokenUnavailable) as error:
            if error is not rest:
                self._rest(grant.name, error)
            raise

    async def _of_location(self, grant: Grant, refused: str | None) -> Tokens:
        """A location's token for its agency's.

        The refresh token that comes with it is not kept: a location's token is to be had again at any time, so that
        one rotating token, the agency's, is all that can be lost.
        """
        name, agency = _name(grant), replace(grant, location_id=None)
        with suppress(WrongKey):  # it is had anew
            kept = await self._vault.kept(name)
            if kept is not None and is_usable(kept.tokens, refused=refused, now=self._clock.now()):
                return kept.tokens
        rest = self._resting(name)
        if rest is not None:
            raise rest
        agencys, asked_at = await self.token(agency), self._clock.now()
        answer = await self._exchange.location_token(grant, agencys)
        if isinstance(answer, Refusal) and answer.cause == "bearer":
            answer = await self._exchange.location_token(grant, await self.refresh(agency, refused=agencys))
        if isinstance(answer, Refusal):
            error = _location_refused(grant, answer)
            self._rest(name, error)
            raise error
        tokens = replace(tokens_of(answer, before=Tokens(), asked_at=asked_at), refresh_token=None)
        await self._vault.force(name, tokens)
        self._log.info("token.derived", grant=name, expires_in_s=round(answer.life))
        return tokens

    def _resting(self, name: str) -> Unusable | None:
        """What is raised instead of asking the vendor again so soon."""
        rest = self._rests.get(name)
        left = rest.until - self._clock.monotonic() if rest is not None else 0.0
        if rest is None or left <= 0:
            return None
        if isinstance(rest.error, GrantLost):
            return GrantLost(rest.error.detail)
        return TokenUnavailable(rest.error.detail, after=left)

    def _rest(self, name: str, error: Unusable) -> None:
        """Leave the vendor alone for a while."""
        before = self._rests.get(name)
        failures = before.failures + 1 if before is not None else 1
        wait = min(FIRST_REST * 2 ** min(failures - 1, 10), LONGEST_REST)
        if isinstance(error, TokenUnavailable):
            wait = error.after = error.after if error.after is not None else wait
            self._log.warning("token.unavailable", grant=name, detail=error.detail, retry_in_s=round(wait, 1))
        self._rests[name] = _Rest(error=error, until=self._clock.monotonic() + wait, failures=failures)

    def _mend(self, grant: Grant) -> str:
        """The command that connects a grant anew."""
        crm = grant.name.partition(":")[0]
        return f"leadbridge connect {crm} {self._destinations.get(grant.name, 'DESTINATION')}"


def _name(grant: Grant) -> str:
    """The name that a grant's access token is stored under: an agency has one for each location."""
    return f"{grant.name}:{grant.location_id}" if _is_agency(grant) else grant.name


def _is_agency(grant: Grant) -> bool:
    return grant.company_id is not None and grant.location_id is not None


def _locked(name: str) -> str:
    return (
        f"{VARIABLE} does not open the stored tokens of {name}: put the key back that sealed them (several stand with "
        "commas between them, the newest first). Nothing is lost meanwhile"
    )


def _location_refused(grant: Grant, refusal: Refusal) -> Unusable:
    if refusal.cause in ("bearer", "elsewhere"):
        return GrantLost(
            f"{refusal.detail}. The agency {grant.company_id} has no token for the location {grant.location_id}: "
            "install the app there, with the scope oauth.write"
        )
    return TokenUnavailable(refusal.detail, after=refusal.after)
