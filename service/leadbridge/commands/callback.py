"""The local page that the vendor sends the browser back to, with a code."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from socket import socket
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from leadbridge.errors import LeadbridgeError
from leadbridge.http.server import embedded, server_config

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",  # the page's address holds the code
}
_STRANGE: Final = (
    "This is not the answer to the link that leadbridge printed. Open that link, and keep leadbridge running."
)


class Callback:
    """Waits for the one visit that brings back `state`; what else comes is refused, and waited on."""

    def __init__(self, state: str) -> None:
        """For the running event loop."""
        self._state = state
        loop = asyncio.get_running_loop()
        self._code: asyncio.Future[str] = loop.create_future()
        self._told: asyncio.Future[str] = loop.create_future()
        self._app = Starlette(routes=[Route("/{path:path}", self._visited, methods=["GET"])])

    @asynccontextmanager
    async def served(self, listener: socket) -> AsyncIterator[None]:
        """The page, until the end of the block; the visitor is answered before that."""
        async with embedded(server_config(self._app), listener):
            try:
                yield
            finally:
                if not self._told.done():
                    self._told.set_result("leadbridge was stopped.")

    async def code(self, *, within: float) -> str:
        """The code, within so many seconds; raises `LeadbridgeError` when there is none."""
        try:
            async with asyncio.timeout(within):
                return await self._code
        except TimeoutError:
            raise LeadbridgeError(f"nobody came back from the page within {within / 60:g} minutes; try again") from None

    def tell(self, what: str) -> None:
        """Say to the visitor what came of it."""
        self._told.set_result(what)

    async def _visited(self, request: Request) -> HTMLResponse:
        given = request.query_params
        if not hmac.compare_digest(given.get("state", "").encode(), self._state.encode()):
            return _page(_STRANGE, status=400)
        if given.get("code"):
            if not self._code.done():
                self._code.set_result(given["code"])
        elif "error" in given:
            why = given.get("error_description") or given["error"]
            if not self._code.done():
                self._code.set_exception(LeadbridgeError(f"the access was not allowed: {why}"))
            return _page(f"The access was not allowed: {why}", status=400)
        else:
            return _page(_STRANGE, status=400)
        return _page(await asyncio.shield(self._told))


def _page(said: str, *, status: int = 200) -> HTMLResponse:
    document = f'<!doctype html><meta charset="utf-8"><title>leadbridge</title><p>{escape(said)}</p>'
    return HTMLResponse(document, status_code=status, headers=_HEADERS)
