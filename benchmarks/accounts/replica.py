"""One of the processes: the whole service but for its port, with CRMs that are made up. Told what to do by a pipe."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.accounts.crms import Crms
from benchmarks.accounts.town import TOKEN, Scale, Submission, body_of, configured, name_of, path_of, submissions
from leadbridge import logs
from leadbridge.app import Service
from leadbridge.clock import SystemClock
from leadbridge.deliver.transport import CONNECTIONS
from leadbridge.store.base import Store
from leadbridge.store.opening import open_store
from leadbridge.store.values import Selection


def replica(pipe: Connection, *, number: int, scale: Scale, url: str, log: Path) -> None:
    """Serve until told to stop."""
    with log.open("w", encoding="utf-8") as stream:
        sys.stderr = stream
        logs.configure(stream=stream)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_Replica(pipe, number, scale, url).serve())


@dataclass(slots=True)
class _Replica:
    pipe: Connection
    number: int
    scale: Scale
    url: str
    received: list[tuple[str, float, float]] = field(default_factory=list)  # person; when it came, and was answered

    async def serve(self) -> None:
        memory = {"imported": memory_mb()}
        began = time.monotonic()
        loaded = configured(self.scale)
        memory["configured"] = memory_mb()
        read = time.monotonic()
        store: Store = open_store(self.url)
        crms = Crms(connections=CONNECTIONS)
        service = Service(loaded, store, transport=crms)
        await service.start()
        self._say(configuring=read - began, starting=time.monotonic() - read, **memory)
        while (asked := await self._told())[0] != "stop":
            match asked:
                case ("send", turn, giants):
                    self._say(**await self._send(service, turn=turn, giants=giants))
                case ("look",):
                    self._say(memory=memory_mb(), tasks=len(asyncio.all_tasks()), cpu=time.process_time())
                case ("cancel", accounts):
                    names = tuple(name_of(account) for account in accounts)
                    await store.cancel(Selection(destinations=names), detail="simulated", now=SystemClock().now())
                    self._say()
                case ("tell",):
                    self._say(received=self.received, calls=crms.calls)
        began = time.monotonic()
        await service.stop()
        await store.close()
        self._say(stopping=time.monotonic() - began)

    async def _told(self) -> Any:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.pipe.fileno(), ready.set)
        await ready.wait()
        loop.remove_reader(self.pipe.fileno())
        os.set_blocking(self.pipe.fileno(), True)
        return self.pipe.recv()

    def _say(self, **said: Any) -> None:
        os.set_blocking(self.pipe.fileno(), True)  # the loop has made it otherwise, and a long answer would break off
        self.pipe.send(said)

    async def _send(self, service: Service, *, turn: int, giants: bool) -> Mapping[str, Any]:
        """Every form at its moment, whether the one before is answered or not: people do not wait for each other."""
        loop = asyncio.get_running_loop()
        began, statuses = loop.time(), []
        under_way = set()
        for submission in submissions(self.scale, process=self.number, turn=turn, giants=giants):
            await asyncio.sleep(began + submission.at - loop.time())
            task = asyncio.create_task(self._submit(service, submission))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            task.add_done_callback(lambda done: statuses.append(done.result()))
        while under_way:
            await asyncio.wait(under_way)
        return {"sent": len(statuses), "refused": sum(status != 202 for status in statuses)}

    async def _submit(self, service: Service, submission: Submission) -> int:
        body, statuses = body_of(submission), []
        scope = {
            "type": "http",
            "method": "POST",
            "path": path_of(submission.account),
            "raw_path": path_of(submission.account).encode(),
            "query_string": b"",
            "scheme": "http",
            "headers": [
                (b"host", b"localhost"),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"x-webhook-token", TOKEN.encode()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "http_version": "1.1",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        came = time.time()
        await service.asgi(scope, receive, send)
        self.received.append((submission.person, came, time.time()))
        return int(statuses[0])


def memory_mb() -> float:
    """What this process has resident now, in 10⁶ bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmRSS"))
