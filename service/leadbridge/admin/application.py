"""The HTTP application on the admin listener."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint
from starlette.types import Lifespan

from leadbridge.admin.backlog import BacklogGauges
from leadbridge.events import Reply
from leadbridge.metrics.series import Snapshots
from leadbridge.problems import problem

Handler: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]


def admin_app(
    *, probes: Sequence[Endpoint], counted: Callable[[], Snapshots], backlog: BacklogGauges, crashed: Handler
) -> Starlette:
    """`/metrics`, of what `counted` and `backlog` say, and the probes; nothing else is there."""
    # Only who has an admin listener waits for this import.
    from leadbridge.admin.exposition import CONTENT_TYPE, text_of  # noqa: PLC0415

    async def metrics(_request: Request) -> Response:
        waiting = await backlog.snapshots()
        text = await asyncio.to_thread(text_of, (*counted(), *waiting))  # senders do not wait for a page of numbers
        return Response(text, headers={"content-type": CONTENT_TYPE})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await backlog.close()

    return application(
        [Endpoint("/metrics", metrics, methods=["GET"]), *probes],
        nothing_here="There is nothing here but /metrics, /healthz and /readyz.",
        crashed=crashed,
        lifespan=lifespan,
    )


def application(
    endpoints: Sequence[Endpoint], *, nothing_here: str, crashed: Handler, lifespan: Lifespan[Starlette]
) -> Starlette:
    """An application whose errors are problem documents; `nothing_here` is said of every other path."""

    async def refused(_request: Request, error: Exception) -> Response:
        status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        return response_of(problem(status, nothing_here, headers=headers))

    app = Starlette(
        routes=list(endpoints),
        exception_handlers={HTTPException: refused, Exception: crashed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def response_of(reply: Reply) -> Response:
    """A reply as the framework sends it."""
    return Response(reply.body, status_code=reply.status, headers=dict(reply.headers), media_type=reply.content_type)
