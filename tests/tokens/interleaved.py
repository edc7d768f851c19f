"""Processes that share tokens and a vendor: a test says who takes the next step, who dies, and how time passes."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import httpx

from leadbridge.clock import Millis
from leadbridge.store.tokens import TokenRow
from leadbridge.tokens import Exchange, GrantLost, Issued, Sealing, TokenKeeper, TokenUnavailable, Vault
from leadbridge.tokens.vault import Tokens
from tests.support.journal import Journal

from .memory import MemoryTokens
from .vendors import KEY, NAME, grant

GRACE = 30.0  # seconds
LIFE = 86_399.0


@dataclass
class Vendor:
    """One refresh token at a time is good, for one exchange; for 30 seconds its answer is given again."""

    clock: "Time"
    current: str = "R1"
    count: int = 1
    spent: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    calls: int = 0
    rotations: int = 0
    refused: list[str] = field(default_factory=list)

    def exchange(self, token: str) -> dict[str, Any] | None:
        """The answer, None for a refusal."""
        self.calls += 1
        at, answer = self.spent.get(token, (0.0, None))
        if answer is not None and self.clock.monotonic() < at + GRACE:
            return answer
        if token != self.current:
            self.refused.append(token)
            return None
        self.rotations += 1
        answer = self.connect()
        self.spent[token] = (self.clock.monotonic(), answer)
        return answer

    def connect(self) -> dict[str, Any]:
        """What a new consent gives."""
        self.count += 1
        self.current = f"R{self.count}"
        return {"access_token": f"A{self.count}", "refresh_token": self.current, "expires_in": LIFE}

    def age(self, token: str) -> float | None:
        """Seconds since a refresh token was spent; None while it is good."""
        return self.clock.monotonic() - self.spent[token][0] if token in self.spent else None


@dataclass
class Point:
    """Where a process waits for its turn."""

    process: int
    what: str
    turn: asyncio.Future[str]
    until: float = 0.0


@dataclass
class Time:
    """The time of all, which passes when the test says so."""

    elapsed: float = 0.0
    wrong_by: float = 0.0  # seconds of the wall clock

    def now(self) -> Millis:
        return 1_750_000_000_000 + round((self.elapsed + self.wrong_by) * 1000)

    def set_wrong_by(self, seconds: float) -> None:
        """Somebody sets the clock."""
        self.wrong_by = seconds

    def monotonic(self) -> float:
        return self.elapsed


@dataclass
class ProcessClock:
    """The time as one process sees it: it sleeps until the test lets it wake."""

    time: Time
    world: "World"
    process: int

    def now(self) -> Millis:
        return self.time.now()

    def monotonic(self) -> float:
        return self.time.monotonic()

    async def pause(self, seconds: float) -> None:
        await self.world.point(self.process, "pause", until=self.time.elapsed + seconds)


class Store(MemoryTokens):
    """The tokens that all share; before and after each change its process can be cut off."""

    def __init__(self, world: "World", process: int) -> None:
        super().__init__(world.rows)
        self._step = partial(world.point, process)
        self._world = world

    async def token(self, name: str) -> TokenRow | None:
        await self._step("read")
        return await super().token(name)

    async def put_token(self, name: str, sealed: bytes, *, version: int, now: Millis, by: str | None = None) -> bool:
        await self._step("before store")
        stored = await super().put_token(name, sealed, version=version, now=now, by=by)
        await self._step("after store")
        return stored

    async def begin_exchange(self, seen: TokenRow, *, by: str, now: Millis) -> bool:
        await self._step("before intent")
        begun = await super().begin_exchange(seen, by=by, now=now)
        await self._step("after intent")
        return begun

    async def lose_token(self, name: str, *, version: int, by: str, detail: str, now: Millis) -> bool:
        await self._step("before loss")
        lost = await super().lose_token(name, version=version, by=by, detail=detail, now=now)
        self._world.losses += lost
        return lost


class Connection(httpx.AsyncBaseTransport):
    """The way of one process to the vendor."""

    def __init__(self, world: "World", process: int) -> None:
        self._world = world
        self._process = process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        (token,) = parse_qs(request.content.decode())["refresh_token"]
        if await self._world.point(self._process, "before send") == "trouble":
            raise httpx.ConnectError("no connection")
        answer = self._world.exchanged(token)
        if await self._world.point(self._process, "after answer") == "trouble":
            raise httpx.ReadError("the connection broke")
        if answer is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json=answer)


class World:
    """What is shared, and the processes."""

    def __init__(self) -> None:
        self.time = Time()
        self.vendor = Vendor(self.time)
        self.rows: dict[str, TokenRow] = {}
        self.waiting: list[Point] = []
        self.keepers: dict[int, TokenKeeper] = {}
        self.asked: dict[int, list[asyncio.Task[str]]] = {}
        self.outcomes: list[str | GrantLost | TokenUnavailable] = []
        self.refused: set[str] = set()
        self.losses = 0
        self.last = 0

    async def point(self, process: int, what: str, *, until: float = 0.0) -> str:
        """Wait for the process's turn; "trouble" when it is to go wrong."""
        if process not in self.keepers:
            raise asyncio.CancelledError
        at = Point(process, what, asyncio.get_running_loop().create_future(), until)
        self.waiting.append(at)
        return await at.turn

    def stored(self) -> tuple[TokenRow, Tokens]:
        """What is on disk."""
        row = self.rows[NAME]
        vault = Vault(MemoryTokens(self.rows), Sealing([KEY]), ProcessClock(self.time, self, 0))
        return row, vault._opened(row)

    def exchanged(self, token: str) -> dict[str, Any] | None:
        """A refresh that reaches the vendor: never twice for one expiry, and only with what is on disk."""
        before = self.vendor.rotations
        answer = self.vendor.exchange(token)
        if self.vendor.rotations > before:
            _, tokens = self.stored()
            assert tokens.refresh_token == token
            assert self.time.now() >= tokens.use_until or tokens.access_token in self.refused
        return answer

    def start(self) -> int:
        """Another process."""
        self.last += 1
        clock, log = ProcessClock(self.time, self, self.last), Journal()
        vault = Vault(Store(self, self.last), Sealing([KEY]), clock)
        exchange: Any = Exchange(
            Connection(self, self.last), deadline=3600
        )  # of the real time, which is none of theirs
        keeper = TokenKeeper(vault, exchange, clock=clock, log=log, destinations={NAME: "dallas"})  # type: ignore[arg-type]
        self.keepers[self.last] = keeper
        self.asked[self.last] = []
        return self.last

    async def ask(self, process: int, *, refused: str | None = None, seed: str = "R1") -> None:
        """Let a process want a token; `seed` is what its configuration says."""
        keeper = self.keepers[process]
        if refused is not None:
            self.refused.add(refused)
        ours = grant(seed=seed)
        asking = keeper.token(ours) if refused is None else keeper.refresh(ours, refused=refused)
        self.asked[process].append(asyncio.ensure_future(asking))
        await self.settle()

    async def go(self, at: Point, how: str = "well") -> None:
        """Let a process take its next step."""
        self.waiting.remove(at)
        at.turn.set_result(how)
        await self.settle()

    async def kill(self, process: int) -> None:
        """End a process where it is."""
        keeper = self.keepers.pop(process)
        for task in [*self.asked.pop(process), *keeper._asking.values()]:
            task.cancel()
        self.waiting = [at for at in self.waiting if at.process != process]
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and wake who slept until then."""
        self.time.elapsed += seconds
        for at in [at for at in self.waiting if at.what == "pause" and at.until <= self.time.elapsed]:
            await self.go(at)

    async def until(self, process: int, what: str) -> Point:
        """Let a process go on until it is about to do this."""
        while (at := next(at for at in self.ready() if at.process == process)).what != what:
            await self.go(at)
        return at

    def ready(self) -> list[Point]:
        """Who can take a step now."""
        return [at for at in self.waiting if at.what != "pause"]

    async def settle(self) -> None:
        """Until everybody waits; then what was given is looked at."""
        for _ in range(12):
            await asyncio.sleep(0)
        for process, tasks in self.asked.items():
            for task in [task for task in tasks if task.done()]:
                tasks.remove(task)
                self.heard(process, task)

    def heard(self, process: int, task: asyncio.Task[str]) -> None:
        """A caller was told something: what it may use is on disk, or was and is replaced."""
        error = task.exception()
        _, tokens = self.stored()
        if error is None:
            token = task.result()
            assert token == tokens.access_token or int(token[1:]) < int((tokens.access_token or "A0")[1:])
            self.outcomes.append(token)
            return
        assert isinstance(error, GrantLost | TokenUnavailable), error
        if isinstance(error, GrantLost):
            assert self.losses, "nothing was lost"
        self.outcomes.append(error)

    async def quietly(self, process: int) -> None:
        """Let a process do all that it wants, without trouble, time passing only while it sleeps."""
        for _ in range(2_000):
            if not self.asked[process]:
                return
            ready = self.ready()
            if ready:
                await self.go(ready[0])
            else:
                await self.pass_time(0.2)
        raise AssertionError("it does not end")

    async def connected(self) -> None:
        """A person lets the app in anew."""
        answer = self.vendor.connect()
        vault = Vault(MemoryTokens(self.rows), Sealing([KEY]), ProcessClock(self.time, self, 0))
        _, tokens = self.stored()
        issued = Issued(access_token=answer["access_token"], refresh_token=answer["refresh_token"], life=LIFE)
        until = self.time.now() + round(issued.life * 1000)
        await vault.force(
            NAME,
            Tokens(
                access_token=issued.access_token,
                use_until=until,
                refresh_token=issued.refresh_token,
                seeds=tokens.seeds,
            ),
        )
