"""What durable accepting is compared with: `bare` answers without storing, `accept` stores and does nothing else.

Run as `python -m benchmarks.servers bare|accept …`; both have the service's own server settings.
"""

import argparse
import hmac
import os
from pathlib import Path

import orjson
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.ground import TOKEN
from leadbridge import logs
from leadbridge.app import door
from leadbridge.clock import SystemClock
from leadbridge.commands.serving import listen, run_server
from leadbridge.desk import desks
from leadbridge.ids import new_id, new_trace_id
from leadbridge.receive import Receiver
from leadbridge.settings.loading import load
from leadbridge.store.sqlite.store import SqliteStore


async def answer_at_once(request: Request) -> Response:
    """The bare endpoint: reads the body, checks the token, makes the same ids, answers the same JSON."""
    await request.body()
    if not hmac.compare_digest(request.headers.get("x-webhook-token", "").encode(), TOKEN.encode()):
        return Response(status_code=401)
    document = {"id": new_id(), "trace_id": new_trace_id(), "status": "accepted"}
    return Response(orjson.dumps(document), status_code=202, media_type="application/json")


async def ready(_request: Request) -> Response:
    """It serves."""
    return Response("ready\n", media_type="text/plain")


def accepting(config: Path, database: Path) -> Starlette:
    """The receive stage and the store, without mapping and delivering: what they cost is not in it."""
    logs.configure()
    settings = load(config, os.environ).settings
    receiver = Receiver(
        desks(settings),
        door=door(settings),
        store=SqliteStore(database),
        clock=SystemClock(),
        log=structlog.get_logger(),
        stored=lambda: None,
    )
    return Starlette(routes=[Route("/hooks/{source}", receiver.handle, methods=["POST"]), Route("/readyz", ready)])


def bare() -> Starlette:
    """The endpoint that stores nothing."""
    return Starlette(routes=[Route("/hooks/{source}", answer_at_once, methods=["POST"]), Route("/readyz", ready)])


def main() -> None:
    """Serve one of them until stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers")
    parser.add_argument("--port", type=int, required=True)
    which = parser.add_subparsers(dest="which", required=True)
    which.add_parser("bare")
    accept = which.add_parser("accept")
    accept.add_argument("--config", type=Path, required=True)
    accept.add_argument("--database", type=Path, required=True)
    given = parser.parse_args()
    app = bare() if given.which == "bare" else accepting(given.config, given.database)
    with listen("127.0.0.1", given.port) as listener:
        run_server(app, listener)


if __name__ == "__main__":
    main()
