"""`serve`: the service, until it is stopped."""

import asyncio
import os
from pathlib import Path

import structlog

from leadbridge import logs
from leadbridge.app import Service
from leadbridge.commands.granting import open_keeper
from leadbridge.configured import adapters
from leadbridge.errors import LeadbridgeError
from leadbridge.http.server import listen, run_server, url_of
from leadbridge.settings.loading import Loaded
from leadbridge.store.opening import database_url, open_store


def serve(loaded: Loaded, *, config: Path, host: str, port: int) -> None:
    """Run the service."""
    logs.configure()
    log = structlog.get_logger()
    database = database_url(os.environ)
    for warning in loaded.warnings:
        log.warning("config.warning", problem=str(warning))
    with listen(host, port) as listener:
        store = open_store(database)
        try:
            tokens = open_keeper(adapters(loaded.settings), database=database, environ=os.environ, log=log)
        except LeadbridgeError:
            asyncio.run(store.close())
            raise
        log.info("service.listening", url=url_of(listener), config=str(config))
        service = Service(loaded, store, tokens=tokens)
        proxies = loaded.settings.server.trusted_proxies
        run_server(service.asgi, listener, trusted_proxies=proxies, at_the_end=store.close)
