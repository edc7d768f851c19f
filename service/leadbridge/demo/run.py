"""`leadbridge demo`: start everything, send the scenario, show what came of it."""

import asyncio
import gc
import os
import shlex
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from socket import socket
from typing import Any, Final

import httpx
import uvloop
from pydantic import AnyHttpUrl

from leadbridge import logs
from leadbridge.app import Service
from leadbridge.clock import SystemClock
from leadbridge.commands.output import err, say
from leadbridge.demo.report import print_report, print_welcome
from leadbridge.demo.scenario import AFTER_TAGGING, BEFORE_TAGGING, DESTINATIONS, ENVIRON, SEEDS, SOURCES
from leadbridge.demo.sender import Seen, Sender, WatchedStore, tag_ann
from leadbridge.errors import UsageError
from leadbridge.http.server import GARBAGE, embedded, listen, server_config, url_of
from leadbridge.sandbox.app import COPPER_PATH, LEADCONNECTOR_PATH, Sandbox
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.settings.loading import Loaded, load
from leadbridge.store.sqlite.connection import claim_ownership

FOLDER: Final = Path("data/demo")
DATABASE: Final = "leadbridge.db"
LOG: Final = "leadbridge.log"
PATHS: Final = {"copper": COPPER_PATH, "leadconnector": LEADCONNECTOR_PATH}


def demo(config: Path | None, *, once: bool, port: int) -> bool:
    """Run the demo; true when every row came out as it should."""
    with ExitStack() as stack:
        loaded = _load(config, stack)
        folder = _folder_of_its_own(stack) if once else _fresh_folder()
        log = stack.enter_context((folder / LOG).open("w", encoding="utf-8"))
        logs.configure(stream=log)
        crms = stack.enter_context(listen("127.0.0.1", 0))
        hooks = stack.enter_context(_listen_anywhere(0 if once else port))
        gc.set_threshold(*GARBAGE)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                return runner.run(_run(_Stage(loaded, folder, crms, hooks), once=once))
            except asyncio.CancelledError:  # by SIGTERM; Ctrl-C ends in a KeyboardInterrupt
                sys.exit(128 + signal.SIGTERM)


def _folder_of_its_own(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadbridge-demo-")))


def _fresh_folder() -> Path:
    """The demo's folder here, without what the last one left; never that of one that still runs."""
    claim_ownership(FOLDER / DATABASE).close()
    try:
        shutil.rmtree(FOLDER)
        FOLDER.mkdir()
    except OSError as error:
        raise UsageError(
            f"cannot write {FOLDER} here: {error.strerror}; go to a folder of yours, or use --once"
        ) from error
    return FOLDER.absolute()


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the demo is played on."""

    loaded: Loaded
    folder: Path
    crms: socket
    hooks: socket

    @property
    def database(self) -> Path:
        """Where the service keeps what it takes."""
        return self.folder / DATABASE


async def _run(stage: _Stage, *, once: bool) -> bool:
    played = asyncio.current_task()
    if played is not None:  # stopped in the middle, it still cleans up
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, played.cancel)
    crm_url, hook_url = url_of(stage.crms), url_of(stage.hooks)
    loaded = _to_sandbox(stage.loaded, crm_url)
    sandbox = Sandbox(SandboxOptions(seeds=SEEDS), SystemClock())
    store = WatchedStore(stage.database)
    service = Service(loaded, store)
    async with (
        embedded(server_config(sandbox.app), stage.crms),
        embedded(server_config(service.asgi), stage.hooks),
        httpx.AsyncClient(timeout=30.0, trust_env=False) as client,
    ):
        print_welcome(hook_url=hook_url, crm_url=crm_url)
        sender = Sender(loaded, store, client, hook_url=hook_url)
        seen: list[Seen] = [await sender.play(row) for row in BEFORE_TAGGING]
        await tag_ann(client, crm_url=crm_url, adapters=service.adapters)
        seen += [await sender.play(row) for row in AFTER_TAGGING]
        books = await store.ledger()
        good = print_report(seen, records=sandbox.state(), ledger=books)
        if not once:
            _print_what_next(seen, hook_url=hook_url, crm_url=crm_url, folder=stage.folder)
            await _until_stopped()
    await store.close()
    return good


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()
    say()
    say(f"Stopped. What the demo stored stays in {FOLDER} until the next one.")


def _load(config: Path | None, stack: ExitStack) -> Loaded:
    path = config or stack.enter_context(resources.as_file(_packaged_example()))
    loaded = load(path, {**os.environ, **ENVIRON})
    missing = [name for name in SOURCES if name not in loaded.settings.sources]
    missing += [name for name in DESTINATIONS if name not in loaded.settings.destinations]
    if missing:
        raise UsageError(
            f"{path} has no {', '.join(missing)}: the demo's submissions are made for the example. To try a "
            "configuration of your own without an account, run `leadbridge sandbox`, `leadbridge serve` and "
            "`leadbridge send`"
        )
    return loaded


def _packaged_example() -> Any:
    """The example configuration: inside the wheel, or beside the source root in a checkout."""
    packaged = resources.files("leadbridge.demo") / "leadbridge.yaml"
    return packaged if packaged.is_file() else Path(__file__).parents[3] / "config" / "leadbridge.yaml"


def _to_sandbox(loaded: Loaded, crm_url: str) -> Loaded:
    """The same configuration, sending nowhere but to the sandbox."""
    destinations = {
        name: destination.model_copy(update={"base_url": AnyHttpUrl(crm_url + PATHS[destination.crm])})
        for name, destination in loaded.settings.destinations.items()
    }
    return replace(loaded, settings=loaded.settings.model_copy(update={"destinations": destinations}))


def _listen_anywhere(port: int) -> socket:
    """The wanted port, or any when it is taken: a demo must not fail for that."""
    try:
        return listen("127.0.0.1", port)
    except UsageError:
        say(f"Port {port} is taken; using another.", to=err)
        return listen("127.0.0.1", 0)


def _print_what_next(seen: list[Seen], *, hook_url: str, crm_url: str, folder: Path) -> None:
    trace_id = next(one.trace_id for one in seen if one.trace_id)
    database = shlex.quote(f"sqlite:///{folder / DATABASE}")
    say()
    say(("Still running; Ctrl-C stops it. In another terminal:", "bold"))
    say("  send one yourself:")
    say(
        f"    curl -H 'X-Webhook-Token: {ENVIRON['WEBSITE_TOKEN']}' {hook_url}/hooks/website "
        "-d 'contact[name]=Me' -d 'contact[email]=me@example.com'"
    )
    say("  the whole way of a lead, by the trace ID of its reply:")
    say(f"    LEADBRIDGE_DATABASE_URL={database} {_this_command()} trace {trace_id}")
    say("  what the CRMs hold, for a browser and for a program:")
    say(f"    {crm_url}/sandbox/")
    say(f"    curl {crm_url}/sandbox/state")
    say("  the service's log:")
    say(f"    {folder / LOG}")


def _this_command() -> str:
    """How to call this leadbridge from anywhere."""
    called = Path(sys.argv[0])
    if called.name != "leadbridge":
        return f"{shlex.quote(sys.executable)} -m leadbridge.cli"
    return "leadbridge" if len(called.parts) == 1 else shlex.quote(str(called.absolute()))
