"""The README is true: its commands run as printed, and its configuration loads."""

import asyncio
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from leadbridge.settings.loading import load_text
from tests.docs.pages import fences
from tests.generated import ROOT
from tests.support.patience import PATIENCE
from tests.support.process import eventually

pytestmark = pytest.mark.whole

README = ROOT / "README.md"


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [fence.body for fence in fences(README, language)]


def test_the_first_command_is_make_run_and_the_second_make_test() -> None:
    assert [block.strip() for block in blocks("sh")[:2]] == ["make run", "make test"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout with its own `data/`, so that a demo which runs in the real one is not disturbed."""
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
        os.utime(tmp_path / name, (0, 0))  # older than the `.venv` that is shared: `make` must not install into it
    for name in (".venv", "config"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


async def test_the_commands_run_as_printed_while_make_run_is_running(checkout: Path) -> None:
    """`make test` alone is left out: this is it."""
    make = await asyncio.create_subprocess_shell(
        "make run",
        cwd=checkout,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )
    try:
        shown = await until(make, "Ctrl-C")
        assert "All 11 rows are as they should be" in shown
        address = re.search(r"http://127\.0\.0\.1:\d+(?=/hooks)", shown)
        assert address is not None
        curl, listing, trying = (block.replace("http://127.0.0.1:8080", address[0]) for block in blocks("sh")[2:])
        reply = json.loads(await run(curl, checkout))
        assert set(reply) == set(json.loads(blocks("json")[0]))
        assert reply["status"] == "accepted"
        listed = await eventually(lambda: delivered(listing, checkout))
        assert reply["id"] in listed
        assert alike(listed) == alike(blocks("text")[0])
        tried = await run(trying, checkout)
        assert "PUT https://api.copper.com/developer_api/v1/leads/upsert" in tried
        assert "Nothing was sent or stored." in tried
    finally:
        os.killpg(make.pid, signal.SIGINT)
        await make.communicate()


async def test_the_shell_finds_leadbridge_after_the_line_that_says_so(checkout: Path) -> None:
    (export,) = re.findall(r"`(export PATH=[^`]+)`", README.read_text("utf-8"))
    assert await run(f"{export}; command -v leadbridge", checkout) == f"{checkout}/.venv/bin/leadbridge\n"


def alike(listed: str) -> str:
    """A list without what is another each time: when, and the id."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", listed)


async def delivered(listing: str, folder: Path) -> str | None:
    """The list, once the lead is delivered to both."""
    listed = await run(listing, folder)
    return listed if listed.count("delivered") == 2 else None


async def until(process: asyncio.subprocess.Process, text: str) -> str:
    """What the process printed, up to the line with `text`."""
    assert process.stdout is not None
    shown = ""
    async with asyncio.timeout(PATIENCE):
        while text not in shown:
            line = await process.stdout.readline()
            assert line, f"ended after: {shown}"
            shown += line.decode()
    return shown


async def run(command: str, folder: Path) -> str:
    """What a command prints; it must succeed."""
    process = await asyncio.create_subprocess_shell(command, cwd=folder, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0, command
    return out.decode()


def test_the_configuration_in_the_readme_is_the_file_that_it_names() -> None:
    (config,) = blocks("yaml")
    assert (ROOT / "config" / "minimal.yaml").read_text("utf-8").endswith(f"\n{config}")


def test_the_configuration_in_the_readme_loads_without_a_warning() -> None:
    (config,) = blocks("yaml")
    loaded = load_text(config, "README.md", {"WEBSITE_TOKEN": "t", "COPPER_TOKEN": "c" * 32})
    assert loaded.warnings == ()
