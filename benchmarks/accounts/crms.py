"""The CRMs of a run: every call is noted with its moments, and answered after a while as if it had been sent."""

import asyncio
import time
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.events import Json

LATENCY: Final = 0.15  # seconds, the median
_SPREAD: Final = 0.5  # of its logarithm: one call in a hundred takes three times as long


class Crms:
    """Stands where the transport stands; it takes no time of the processor worth speaking of."""

    def __init__(self, *, connections: int) -> None:
        """At most so many calls at once, as a transport with so many connections allows."""
        self.calls: list[tuple[str, str, float, float]] = []  # account, person, and when it was sent and counted
        self._connections = asyncio.Semaphore(connections)
        self._dice = Random()
        self._ids = 0

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:  # noqa: ARG002
        """Echo what was sent, as either CRM does."""
        asked = dict(call.body) if isinstance(call.body, dict) else {}
        async with self._connections:
            half = LATENCY / 2 * self._dice.lognormvariate(0, _SPREAD)
            sent = time.time()
            await asyncio.sleep(half)
            self.calls.append((adapter.account, _person(asked), sent, time.time()))
            await asyncio.sleep(half)
        self._ids += 1
        body = self._copper(asked) if adapter.crm == "copper" else self._leadconnector(asked)
        return Answer(status=200, headers={}, body=body, text="{}")

    async def close(self) -> None:
        """There is nothing to let go."""

    def _copper(self, asked: Mapping[str, Any]) -> Json:
        now = int(time.time())
        return {**asked["properties"], "id": self._ids, "date_created": now, "date_modified": now}

    def _leadconnector(self, asked: Mapping[str, Any]) -> Json:
        return {"new": True, "contact": {**asked, "id": f"contact{self._ids}"}}


def _person(asked: Mapping[str, Any]) -> str:
    email = asked["properties"]["email"]["email"] if "properties" in asked else asked["email"]
    return str(email).partition("@")[0]
