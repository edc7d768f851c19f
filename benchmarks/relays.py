"""The same flow in Node-RED, where that is installed: a form comes in, one upsert per lead goes to Copper.

Node-RED keeps what it has accepted in memory alone; leadbridge has it on disk. It is measured all the same, because it
is what many would use instead. `npm install -g node-red` puts it on the PATH; without it there is no such row.
"""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count, islice
from statistics import median
from typing import Any, Final

from benchmarks.ground import ENVIRON, Ground, Site, drained, requests
from benchmarks.load import load
from benchmarks.processes import BenchmarkFailed, Running, free_port, running
from benchmarks.rows import Row, median_row, ratios
from leadbridge.clock import SystemClock
from leadbridge.sandbox.app import COPPER_PATH
from leadbridge.store.sqlite.reader import SqliteReader

# What the routes of `ground` do: checks the token, reads the fields, makes Copper's call.
_FUNCTION: Final = """
if (msg.req.headers["x-webhook-token"] !== "TOKEN") { msg.statusCode = 401; return [msg, null]; }
const form = msg.payload, email = form.email.trim().toLowerCase();
const name = form.name.replace(/\\b\\w/g, letter => letter.toUpperCase());
const call = {
  headers: {"X-PW-AccessToken": "ACCESS", "X-PW-Application": "developer_api", "X-PW-UserEmail": "ops@example.com",
            "Content-Type": "application/json"},
  payload: {
    properties: {name, email: {email, category: "work"}, company_name: form.company,
                 address: {city: form.city, country: "US"}, details: form.message},
    match: {field_name: "email", field_value: email},
  },
};
msg.statusCode = 202; msg.payload = {status: "accepted"};
return [msg, call];
"""
_SETTINGS: Final = """
module.exports = {uiHost: "127.0.0.1", disableEditor: true, httpAdminRoot: false, flowFile: "flows.json",
                  credentialSecret: "none", logging: {console: {level: "warn"}}};
"""


async def measure(ground: Ground) -> list[Row]:
    """From the first request to the last record, with nothing waiting at the end."""
    program = shutil.which("node-red")
    if program is None:
        return []
    ours, theirs = list[float](), list[float]()
    people = count()
    for _ in range(ground.effort.restarts):
        site = ground.site()
        async with site.serving() as service:
            ours.append(await _through(ground, service, people, site=site))
        async with _node_red(ground, program) as other:
            theirs.append(await _through(ground, other, people))
    return [
        median_row(
            "relay",
            "leads through per second, first request to last record: leadbridge / Node-RED, which stores nothing",
            samples=ratios(ours, theirs),
            about={"per second": median(ours), "Node-RED": median(theirs)},
        )
    ]


async def _through(ground: Ground, server: Running, people: Iterator[int], *, site: Site | None = None) -> float:
    """Leads per second through one server; both ends are read from this machine's clock."""
    many = ground.effort.deliveries
    await ground.empty_sandbox(history=2 * many)
    began = SystemClock().now()
    sent = list(requests("website", islice(people, many)))
    result = await load(iter(sent), port=server.port, connections=ground.effort.connections)
    if result.statuses != {202: many}:
        raise BenchmarkFailed(f"{many} submissions were sent, and answered: {dict(result.statuses)}")
    if site is not None:
        reader = SqliteReader(site.database)
        await drained(reader)
        await reader.close()
    written = await ground.written(many)
    return many / ((max(written) - began) / 1000)


@asynccontextmanager
async def _node_red(ground: Ground, program: str) -> AsyncIterator[Running]:
    folder = ground.folder / f"node-red-{free_port()}"
    folder.mkdir()
    port = free_port()
    (folder / "settings.js").write_text(_SETTINGS, encoding="utf-8")
    (folder / "flows.json").write_text(json.dumps(_flow(ground.sandbox.url)), encoding="utf-8")
    async with running(
        "--userDir", str(folder), "--port", str(port), program=(program,), port=port, ready="/ready",
        log=folder / "node-red.log",
    ) as server:  # fmt: skip
        yield server


def _flow(sandbox: str) -> list[dict[str, Any]]:
    function = _FUNCTION.replace("TOKEN", ENVIRON["TOKEN"]).replace("ACCESS", ENVIRON["COPPER_TOKEN"])
    tab = {"z": "tab", "x": 0, "y": 0}
    return [
        {"id": "tab", "type": "tab", "label": "leads"},
        {"id": "ready", "type": "http in", "url": "/ready", "method": "get", "wires": [["answer"]], **tab},
        {"id": "hook", "type": "http in", "url": "/hooks/website", "method": "post", "wires": [["map"]], **tab},
        {"id": "map", "type": "function", "func": function, "outputs": 2, "wires": [["answer"], ["copper"]], **tab},
        {"id": "answer", "type": "http response", "wires": [], **tab},
        {
            "id": "copper",
            "type": "http request",
            "method": "PUT",
            "ret": "obj",
            "url": f"{sandbox}{COPPER_PATH}/leads/upsert",
            "persist": True,
            "wires": [[]],
            **tab,
        },
    ]
