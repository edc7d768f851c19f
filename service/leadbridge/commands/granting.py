"""The keeper of OAuth tokens for those commands that call a CRM, and what is wrong when there can be none."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from leadbridge.clock import SystemClock
from leadbridge.crm.adapter import Adapter, Grant
from leadbridge.errors import ConfigError
from leadbridge.logs import Logger
from leadbridge.outgoing.ways import Ways
from leadbridge.settings.positions import read_document
from leadbridge.settings.problem import Problem
from leadbridge.store.opening import open_tokens
from leadbridge.tokens import Exchange, Sealing, TokenKeeper, Vault
from leadbridge.tokens.sealing import VARIABLE

CONNECTIONS: Final = 64  # to token endpoints, at once: some that hang keep no other waiting


def grants_of(adapters: Mapping[str, Adapter]) -> dict[str, Grant]:
    """The grants that destinations call under, by the destination's name."""
    found = {name: adapter.grant for name, adapter in adapters.items()}
    return {name: grant for name, grant in found.items() if grant is not None}


def key_problems(
    path: Path, adapters: Mapping[str, Adapter], environ: Mapping[str, str], *, quarantined: Sequence[str] = ()
) -> Sequence[Problem]:
    """What keeps tokens of these destinations, and requests of these sources, from being stored, each at its place."""
    places = [
        *(("sources", name, "quarantine") for name in quarantined),
        *(("destinations", name, "oauth") for name in grants_of(adapters)),
    ]
    if not places:
        return ()
    try:
        Sealing.from_environ(environ)
    except ConfigError as error:
        problem, _, hint = str(error).partition("; ")
        document = read_document(path.read_text("utf-8-sig"), file=str(path))
        return [document.problem(place, problem, hint=hint, at="key") for place in places]
    return ()


def open_vault(*, database: str, environ: Mapping[str, str]) -> Vault:
    """The tokens in the database; raises `ConfigError` without a key, `StorageUnavailable` without a database."""
    sealing = Sealing.from_environ(environ)
    return Vault(open_tokens(database), sealing, SystemClock())


def keeper_of(vault: Vault, exchange: Exchange, grants: Mapping[str, Grant], log: Logger) -> TokenKeeper:
    """What gives the tokens of these grants, by destination."""
    destinations: dict[str, str] = {}
    for name, grant in grants.items():
        destinations.setdefault(grant.name, name)
    return TokenKeeper(vault, exchange, clock=SystemClock(), log=log, destinations=destinations)


def open_keeper(
    adapters: Mapping[str, Adapter], *, database: str, environ: Mapping[str, str], log: Logger
) -> TokenKeeper | None:
    """The keeper for the service; None when no destination uses OAuth.

    Raises `ConfigError` without a key, or with one that does not open what is stored.
    """
    grants = grants_of(adapters)
    if not grants:
        return None
    vault = open_vault(database=database, environ=environ)
    asyncio.run(_make_ready(vault, grants, log))
    return keeper_of(vault, Exchange(Ways(CONNECTIONS)), grants, log)


async def require_open(vault: Vault, grants: Mapping[str, Grant]) -> None:
    """Raise `ConfigError` when no key opens the stored tokens of one of these grants, by destination."""
    locked = await vault.locked()
    for name, grant in grants.items():
        if grant.name in locked:
            raise ConfigError(
                f"{VARIABLE} does not open the stored tokens of the destination {name}: put the key back that sealed "
                "them, behind the new one and a comma; if it is gone for good, run "
                f"'leadbridge connect leadconnector {name} --replace'"
            )


async def _make_ready(vault: Vault, grants: Mapping[str, Grant], log: Logger) -> None:
    """See that everything opens, and put it under the newest key."""
    await require_open(vault, grants)
    resealed = await vault.reseal()
    if resealed:
        log.info("token.resealed", grants=resealed)
