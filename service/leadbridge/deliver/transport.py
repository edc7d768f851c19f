"""How calls reach a CRM: an adapter's call becomes a request, and what comes back its answer."""

from collections.abc import Callable
from typing import Final, Protocol

from pydantic_core import from_json, to_json

from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.events import Json
from leadbridge.outgoing.client import Answered, Client

DEADLINE: Final = 30.0  # seconds a call may take in all
CONNECTIONS: Final = 500  # of all lanes together, well within the 1,024 files that a process may usually open
MOST_ANSWER: Final = 8 * 1024 * 1024  # bytes read of an answer; the rest is not ours to keep


class Transport(Protocol):
    """Sends one call."""

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        """The CRM's answer, whatever its status; raises `Unanswered`. `token` is the access token of a grant."""

    async def close(self) -> None:
        """Close all connections; nothing can be sent afterwards."""


class HttpTransport:
    """Sends calls over HTTP."""

    def __init__(
        self, *, connections: int = CONNECTIONS, deadline: float = DEADLINE, may_send: Callable[[], bool] = lambda: True
    ) -> None:
        """At most `connections` at once, `deadline` seconds for a call; for `may_send` see `Client`."""
        self._client = Client(connections=connections, deadline=deadline, most=MOST_ANSWER, may_send=may_send)

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        """Send a call with the adapter's credentials, or the token; the answer's body is bounded."""
        headers, content = adapter.headers(), b""
        if token is not None:
            headers = {**headers, "authorization": f"Bearer {token}"}
        if call.body is not None:
            headers = {**headers, "content-type": "application/json"}
            content = to_json(call.body)  # integers of any size, unlike orjson
        answered = await self._client.send(
            call.method,
            adapter.base_url + call.path,
            query=tuple(call.query.items()),
            headers=tuple(headers.items()),
            content=content,
            trace_id=trace_id,
        )
        return _answer(answered)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def _answer(answered: Answered) -> Answer:
    body: Json
    try:
        body = from_json(answered.content, allow_inf_nan=False)  # integers of any size, unlike orjson
    except ValueError:
        body = None
    text = answered.content.decode("utf-8", errors="replace")
    return Answer(status=answered.status, headers=answered.headers, body=body, text=text)
