"""`serve`: the service, until it is stopped."""

import asyncio
import os
import socket
from contextlib import ExitStack
from pathlib import Path

from pydantic_core import PydanticCustomError

from leadbridge import logs
from leadbridge.app import Service
from leadbridge.clock import SystemClock
from leadbridge.commands.granting import open_keeper
from leadbridge.configured import adapters
from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.http.server import bound, listen, run_server, url_of
from leadbridge.quarantine import Leftovers, Quarantine
from leadbridge.settings.addresses import HostPort, read_address
from leadbridge.settings.loading import Loaded
from leadbridge.store.opening import database_url, open_quarantine, open_store
from leadbridge.tokens import Sealing


def serve(loaded: Loaded, *, config: Path, host: str, port: int, linger: float, admin: str | None = None) -> None:
    """Run the service; after a SIGTERM it takes requests for `linger` seconds more.

    `admin` is where operators are answered, in place of the configuration's `server.admin_listen`.
    """
    admin_listen = loaded.settings.server.admin_listen if admin is None else _read(admin)
    logs.configure()
    log = logs.logger()
    database = database_url(os.environ)
    for warning in loaded.warnings:
        log.warning("config.warning", problem=str(warning))
    with ExitStack() as sockets:
        operators = None if admin_listen is None else sockets.enter_context(_listen_to_operators(admin_listen))
        listener = sockets.enter_context(listen(host, port))
        store = open_store(database)
        try:
            tokens = open_keeper(adapters(loaded.settings), database=database, environ=os.environ, log=log)
            quarantine = _quarantine(loaded, database)
        except LeadbridgeError:
            asyncio.run(store.close())
            raise
        log.info("service.listening", url=url_of(listener), config=str(config))
        if operators is not None:
            log.info("service.admin_listening", url=url_of(operators))
        service = Service(loaded, store, tokens=tokens, quarantine=quarantine)
        proxies = loaded.settings.server.trusted_proxies
        run_server(
            service.asgi,
            listener,
            trusted_proxies=proxies,
            linger=linger,
            leaving=service.leave,
            beside=None if operators is None else (service.admin(), operators),
            at_the_end=store.close,
        )


def _quarantine(loaded: Loaded, database: str) -> Quarantine | Leftovers:
    """Where unproved requests are set aside, if any source asks for it; raises `ConfigError` without a key."""
    if not any(source.quarantine for source in loaded.settings.sources.values()):
        return Leftovers(lambda: open_quarantine(database), log=logs.logger().bind())
    sealing = Sealing.from_environ(os.environ)
    return Quarantine(open_quarantine(database), sealing, clock=SystemClock(), log=logs.logger().bind())


def _read(address: str) -> HostPort:
    try:
        return read_address(address)
    except PydanticCustomError as error:
        said = error.context or {}
        raise UsageError(f"--admin-listen {address}: it {said.get('problem')}; {said.get('hint')}") from error


def _listen_to_operators(address: HostPort) -> socket.socket:
    """Raises `LeadbridgeError` when the address cannot be had."""
    try:
        return bound(*address)
    except OSError as error:
        why = error.strerror or error
        raise LeadbridgeError(
            f"cannot listen on {address} for operators: {why}; choose another address in server.admin_listen, or with "
            "--admin-listen"
        ) from error
