"""`connect`: a person lets the app in, and the first tokens of a destination are stored."""

import asyncio
import secrets
import sys
import webbrowser
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TextIO

from leadbridge import logs
from leadbridge.clock import SystemClock
from leadbridge.commands.callback import Callback
from leadbridge.commands.granting import CONNECTIONS, grants_of, keeper_of, open_vault, require_open
from leadbridge.commands.output import counted, err, say
from leadbridge.configured import adapters, lane_name
from leadbridge.crm.adapter import Adapter, Grant
from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.http.server import listen
from leadbridge.outgoing.ways import Ways
from leadbridge.settings.loading import Loaded
from leadbridge.store.opening import open_operator
from leadbridge.store.values import Selection
from leadbridge.tokens import Exchange, Issued, Refusal, TokenKeeper, Vault
from leadbridge.tokens.authorizing import OFFICIAL_PAGE, authorize_url, given_by, holder_of

HOST: Final = "127.0.0.1"
FROM_INPUT: Final = "-"  # in the place of a code, which a list of processes would show
MOST_CODE: Final = 4096  # characters
WAIT: Final = 600.0  # seconds for a person to allow the access


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How a person's consent is had: a `code` that is at hand, or the page and the way back from it."""

    port: int
    code: str | None = None
    page: str | None = None  # the vendor's own unless given
    redirect_url: str | None = None  # this machine's unless given
    browser: bool = True

    @property
    def way_back(self) -> str:
        """Where the vendor sends the browser: exactly what the app is registered with."""
        return self.redirect_url or f"http://{HOST}:{self.port}/callback"


def connect(
    loaded: Loaded,
    environ: Mapping[str, str],
    *,
    crm: str,
    destination: str | None,
    database: str,
    consent: Consent,
    replace_locked: bool,
) -> None:
    """Store a destination's first tokens.

    A consent with the code `-` takes it from standard input. Raises `UsageError` for what cannot be connected,
    `LeadbridgeError` when the vendor gives nothing for it.
    """
    crm_adapters = adapters(loaded.settings)
    name = _chosen(crm_adapters, crm, destination)
    if consent.code == FROM_INPUT:
        consent = replace(consent, code=_code_from(sys.stdin))
    vault = open_vault(database=database, environ=environ)
    connecting = _Connecting(crm_adapters, name, vault=vault, database=database)
    asyncio.run(connecting.run(consent, replace_locked=replace_locked))


class _Connecting:
    def __init__(self, crm_adapters: Mapping[str, Adapter], name: str, *, vault: Vault, database: str) -> None:
        self._adapters = crm_adapters
        self._grants = grants_of(crm_adapters)
        self._name = name
        self._grant = self._grants[name]
        self._vault = vault
        self._database = database

    async def run(self, consent: Consent, *, replace_locked: bool) -> None:
        exchange = Exchange(Ways(CONNECTIONS))
        keeper = keeper_of(self._vault, exchange, self._grants, logs.logger())

        async def redeem(code: str) -> None:
            issued = await exchange.redeem(self._grant, code, redirect_url=consent.way_back)
            if isinstance(issued, Refusal):
                why = f"{issued.detail}. A code is good once, and not for long"
                raise LeadbridgeError(f"{self._name} is not connected: {why}")
            await self._adopt(keeper, issued)

        try:
            if not replace_locked:  # before the vendor is asked: a new consent may end the tokens of the one before
                await require_open(self._vault, dict(self._of_this_app()))
            if consent.code is not None:
                await redeem(consent.code)
            else:
                await self._invite(consent, redeem)
        finally:
            await keeper.close()

    async def _invite(self, consent: Consent, redeem: Callable[[str], Awaitable[None]]) -> None:
        """Send a person to the vendor's page, and take the code that comes back."""
        state = secrets.token_urlsafe(24)
        callback = Callback(state)
        url = authorize_url(self._grant, page=consent.page or OFFICIAL_PAGE, redirect_url=consent.way_back, state=state)
        with listen(HOST, consent.port) as listener:
            async with callback.served(listener):
                say(f"Open this page, choose the {holder_of(self._grant)}, and allow the access:")
                say(f"  {url}")
                say(f"Waiting for the answer at {consent.way_back}")
                if consent.browser:  # not waited for: one on this terminal ends after the page was answered
                    browsing = asyncio.create_task(asyncio.to_thread(webbrowser.open, url))
                    browsing.add_done_callback(lambda done: done.exception())
                code = await callback.code(within=WAIT)
                try:
                    await redeem(code)
                except LeadbridgeError as error:
                    callback.tell(f"Not connected: {error}")
                    raise
                callback.tell("Connected. You can close this page.")

    async def _adopt(self, keeper: TokenKeeper, issued: Issued) -> None:
        """Store tokens for the destinations that they are for, which should be the one that was meant."""
        giver = given_by(issued)
        # A new consent may end the tokens of an earlier one by the same location: they must not get lost.
        names = [name for name, grant in self._of_this_app() if holder_of(grant) == giver]
        if names:
            await keeper.adopt(self._grants[names[0]], issued)
            say((f"{', '.join(names)}", "bold"), f" {'is' if len(names) == 1 else 'are'} connected to the {giver}")
            await self._release(names)
        if self._name not in names:
            wanted = holder_of(self._grant)
            raise LeadbridgeError(
                f"{self._name} is not connected: the access was allowed by the {giver}, and the destination is of the "
                f"{wanted}; choose that one on the page, or mend the configuration"
            )

    def _of_this_app(self) -> Sequence[tuple[str, Grant]]:
        ours = self._grant
        return [
            (name, grant)
            for name, grant in self._grants.items()
            if (grant.token_url, grant.client_id) == (ours.token_url, ours.client_id)
        ]

    async def _release(self, names: Sequence[str]) -> None:
        """Let the accounts that waited for this go on."""
        operator = open_operator(self._database)
        try:
            lanes = sorted({lane_name(self._adapters[name]) for name in names})
            for lane in lanes:
                state = await operator.lane(lane)
                if state.held == "reconnect":
                    await operator.set_lane(lane, replace(state, held=None, detail=None, since=None, probe_at=None))
                    say(f"What waits for {lane} goes on")
            selection = Selection(lanes=tuple(lanes), reasons=("reconnect",))
            released = await operator.release(selection, now=SystemClock().now())
            if released:
                say(f"{counted(released, 'held delivery')} released")
        finally:
            await operator.close()


def _code_from(lines: TextIO) -> str:
    """The first line; raises `UsageError` for an empty one."""
    if lines.isatty():
        say("The code, and Enter:", to=err)
    code = lines.readline(MOST_CODE).strip()
    if not code:
        raise UsageError("there is no code on standard input; write it there, or give it with --code")
    return code


def _chosen(crm_adapters: Mapping[str, Adapter], crm: str, destination: str | None) -> str:
    """The destination that is meant; raises `UsageError`."""
    able = [name for name in grants_of(crm_adapters) if crm_adapters[name].crm == crm]
    if destination is not None and destination not in able:
        known = crm_adapters.get(destination)
        if known is None:
            raise UsageError(f"the configuration has no destination {destination}; it has {', '.join(crm_adapters)}")
        if known.crm != crm:
            raise UsageError(f"the destination {destination} is of the CRM {known.crm}, not {crm}")
        raise UsageError(f"the destination {destination} has no `oauth`: its credentials stand in the configuration")
    if destination is not None:
        return destination
    if len(able) != 1:
        which = f"name one of {', '.join(able)}" if able else "give it `oauth: {client_id, client_secret}`"
        raise UsageError(f"{len(able) or 'no'} destination{'s' if able else ''} of the CRM {crm} use OAuth: {which}")
    return able[0]
