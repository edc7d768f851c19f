"""What answers HTTP: submissions go straight to their stage, the probes and everything else through the framework."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint
from starlette.types import ASGIApp, Receive, Scope, Send

from leadbridge.admin.application import Handler, response_of
from leadbridge.logs import Logger
from leadbridge.problems import problem
from leadbridge.receive import Receiver, source_in


class Front:
    """The whole HTTP application on the public listener."""

    def __init__(self, receiver: Receiver, others: ASGIApp) -> None:
        self._receiver = receiver
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        source = source_in(scope["path"]) if scope["type"] == "http" else None
        if source is None:
            await self._others(scope, receive, send)
        else:
            await self._receiver.answer(source, scope, receive, send)


def probes(why_not_ready: Callable[[], str | None]) -> Sequence[Endpoint]:
    """`/healthz` and `/readyz`; the latter says why nothing should be sent here, if there is a reason."""

    async def healthz(_request: Request) -> Response:
        """200 as long as the process answers at all, whether it is ready or not."""
        return Response("ok\n", media_type="text/plain")

    async def readyz(_request: Request) -> Response:
        """It takes submissions. A CRM that is down is no reason not to."""
        why_not = why_not_ready()
        if why_not is not None:
            return response_of(problem(HTTPStatus.SERVICE_UNAVAILABLE, why_not))
        return Response("ready\n", media_type="text/plain")

    return [Endpoint("/healthz", healthz, methods=["GET"]), Endpoint("/readyz", readyz, methods=["GET"])]


def crashed(log: Logger) -> Handler:
    """What answers where leadbridge made a mistake, and logs it."""

    async def answer(request: Request, error: Exception) -> Response:
        log.error("request.crashed", path=request.url.path, exc_info=error)
        return response_of(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "leadbridge made a mistake; try again later."))

    return answer
