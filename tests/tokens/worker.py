"""A process that wants tokens: it reads one line for each it wants, and may be killed at one step of a refresh.

    python -m tests.tokens.worker DATABASE BASE_URL FASTER MARK

Each line is the step to die at, or nothing: of all processes that share the file MARK, the first to come there dies.
"""

import asyncio
import hashlib
import json
import os
import signal
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Grant
from leadbridge.errors import GrantLost, TokenUnavailable
from leadbridge.outgoing.ways import Ways
from leadbridge.store.opening import open_tokens
from leadbridge.store.tokens import TokenRow
from leadbridge.tokens import Exchange, Sealing, TokenKeeper, Vault
from leadbridge.tokens.exchange import DEADLINE, Issued, Refusal
from leadbridge.tokens.vault import Tokens


class FastClock:
    """A clock that goes faster, the same for all processes on this machine."""

    def __init__(self, faster: float) -> None:
        self._faster = faster

    def now(self) -> Millis:
        return round(time.time() * 1000 * self._faster)

    def monotonic(self) -> float:
        return time.monotonic() * self._faster

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._faster)


class Death:
    """Kills this process at a step, unless another was killed there before."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self.step = ""

    def at(self, step: str, **last_words: str) -> None:
        if step != self.step:
            return
        try:
            os.close(os.open(self._mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        say(died=step, **last_words)
        os.kill(os.getpid(), signal.SIGKILL)


class MortalVault(Vault):
    death: Death

    async def intend(self, seen: TokenRow, *, by: str) -> bool:
        self.death.at("before intent")
        intended = await super().intend(seen, by=by)
        if intended:
            self.death.at("after intent")
        return intended

    async def put(self, name: str, tokens: Tokens, *, version: int, by: str | None = None) -> bool:
        stored = await super().put(name, tokens, version=version, by=by)
        if tokens.access_token:  # and not only the configuration's refresh token
            self.death.at("after store", token=digest(tokens.access_token))
        return stored


class MortalExchange(Exchange):
    death: Death

    async def refresh(self, grant: Grant, refresh_token: str) -> Issued | Refusal:
        sending = asyncio.create_task(super().refresh(grant, refresh_token))
        if self.death.step == "after send":
            await asyncio.sleep(0.1)  # on its way to the vendor, or there, or answered and not looked at
            self.death.at("after send")
        answer = await sending
        if isinstance(answer, Issued):
            self.death.at("after answer", token=digest(answer.access_token))
        return answer


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def say(**facts: Any) -> None:
    print(json.dumps({"pid": os.getpid(), **facts}), flush=True)


async def works(base_url: str, token: str) -> bool:
    """Whether the CRM takes it."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.get(
            f"{base_url}/contacts/search/duplicate",
            params={"locationId": "LOC1", "email": "a@b.test"},
            headers={"authorization": f"Bearer {token}", "version": "2021-07-28"},
        )
    return answer.status_code == 200


async def main(database: str, base_url: str, faster: float, mark: str) -> None:
    clock = FastClock(faster)
    death = Death(mark)
    vault = MortalVault(open_tokens(f"sqlite:///{database}"), Sealing.from_environ(os.environ), clock)
    exchange = MortalExchange(Ways(2), deadline=DEADLINE / faster)
    vault.death = exchange.death = death
    log: Any = structlog.get_logger()
    keeper = TokenKeeper(vault, exchange, clock=clock, log=log, destinations={})
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    grant = Grant(
        name=f"leadconnector:{urlsplit(base_url).netloc}:app1:LOC1",
        token_url=f"{base_url}/oauth/token",
        client_id="app1",
        client_secret="s3cret",
        seed="R1",
        location_id="LOC1",
    )
    say(ready=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        death.step = line.strip()
        try:
            token = await keeper.token(grant)
            say(token=digest(token), works=await works(base_url, token))
        except GrantLost as error:
            say(lost=error.detail)
        except TokenUnavailable as error:
            say(unavailable=error.detail)
    await keeper.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))
