"""How a vendor is asked."""

from collections.abc import Mapping
from typing import Final, Protocol

from leadbridge.outgoing.client import Answered, Client

DEADLINE: Final = 10.0  # seconds a call may take in all
CONNECTIONS: Final = 64  # of all sources together
MOST_ANSWER: Final = 1024 * 1024  # bytes read of an answer


class FetchTransport(Protocol):
    """Sends one GET."""

    async def get(
        self, address: str, *, query: Mapping[str, str], headers: Mapping[str, str], trace_id: str
    ) -> Answered:
        """The vendor's answer, whatever its status; raises `Unanswered`. Redirects are not followed."""

    async def close(self) -> None:
        """Close all connections; nothing can be asked afterwards."""


class HttpFetchTransport:
    """Asks over HTTP."""

    def __init__(self) -> None:
        self._client = Client(connections=CONNECTIONS, deadline=DEADLINE, most=MOST_ANSWER)

    async def get(
        self, address: str, *, query: Mapping[str, str], headers: Mapping[str, str], trace_id: str
    ) -> Answered:
        """The answer; at most `MOST_ANSWER` bytes of it are read."""
        return await self._client.send(
            "GET", address, query=tuple(query.items()), headers=tuple(headers.items()), trace_id=trace_id
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
