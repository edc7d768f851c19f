"""What durable accepting is compared with: `bare` and `plain` answer without storing, `accept` stores and no more.

Run as `python -m benchmarks.servers bare|plain|accept …`. `bare` is Starlette on uvicorn as anyone would run it, and
`plain` the least that can be done: no framework, on our own server.
"""

import argparse
import hmac
import os
from pathlib import Path

import orjson
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.ground import TOKEN
from leadbridge import logs
from leadbridge.clock import SystemClock
from leadbridge.configured import door
from leadbridge.desk import desks
from leadbridge.front import Front
from leadbridge.http.server import listen, run_server
from leadbridge.ids import new_id, new_trace_id
from leadbridge.precedence import Precedence
from leadbridge.receive import Receiver
from leadbridge.settings.loading import load
from leadbridge.store.opening import database_url, open_store


async def answer_at_once(request: Request) -> Response:
    """The bare endpoint: reads the body, checks the token, makes the same ids, answers the same JSON."""
    await request.body()
    if not _proved(request.headers.get("x-webhook-token", "").encode()):
        return Response(status_code=401)
    return Response(_reply(), status_code=202, media_type="application/json")


class Plain:
    """The bare endpoint without its framework: the same in as few steps as ASGI allows."""

    def __init__(self, others: ASGIApp) -> None:
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or not scope["path"].startswith("/hooks/"):
            await self._others(scope, receive, send)
            return
        while (await receive())["more_body"]:
            pass
        status = 202 if _proved(dict(scope["headers"]).get(b"x-webhook-token", b"")) else 401
        body = _reply()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _proved(token: bytes) -> bool:
    return hmac.compare_digest(token, TOKEN.encode())


def _reply() -> bytes:
    return orjson.dumps({"id": new_id(), "trace_id": new_trace_id(), "status": "accepted"})


async def ready(_request: Request) -> Response:
    """It serves."""
    return Response("ready\n", media_type="text/plain")


def accepting(config: Path) -> Front:
    """The receive stage and the store, without mapping and delivering: what they cost is not in it."""
    logs.configure()
    settings = load(config, os.environ).settings
    clock = SystemClock()
    receiver = Receiver(
        desks(settings),
        door=door(settings),
        store=open_store(database_url(os.environ)),
        clock=clock,
        log=structlog.get_logger(),
        precedence=Precedence(clock),
        stored=lambda _source: None,
    )
    return Front(receiver, Starlette(routes=[Route("/readyz", ready)]))


def bare() -> Starlette:
    """The endpoint that stores nothing."""
    return Starlette(routes=[Route("/hooks/{source}", answer_at_once, methods=["POST"]), Route("/readyz", ready)])


def main() -> None:
    """Serve one of them until stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers")
    parser.add_argument("--port", type=int, required=True)
    which = parser.add_subparsers(dest="which", required=True)
    which.add_parser("bare")
    which.add_parser("plain")
    accept = which.add_parser("accept")
    accept.add_argument("--config", type=Path, required=True)
    given = parser.parse_args()
    match given.which:
        case "bare":
            app: ASGIApp = bare()
        case "plain":
            app = Plain(Starlette(routes=[Route("/readyz", ready)]))
        case _:
            app = accepting(given.config)
    with listen("127.0.0.1", given.port) as listener:
        if given.which == "bare":
            config = uvicorn.Config(app, http="httptools", loop="uvloop", log_config=None, access_log=False)
            uvicorn.Server(config).run(sockets=[listener])
        else:
            run_server(app, listener)


if __name__ == "__main__":
    main()
