"""What is always the same and would be made anew each time: made once in a process, as long as tests run in it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import certifi
import pytest
from typer import testing
from typer.main import get_command

_AUTHORITIES: Final = {"cafile": certifi.where()}
_context = ssl.create_default_context


@contextmanager
def authorities() -> Iterator[None]:
    """Whom httpx trusts by default, read once and not for each client, 30 ms of work; nobody changes it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ssl, "create_default_context", _asked_for)
        yield


@contextmanager
def commands() -> Iterator[None]:
    """The command line as `CliRunner` runs it, put together once and not for each command."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(testing, "_get_command", cache(get_command))
        yield


def _asked_for(*asked: Any, **named: Any) -> ssl.SSLContext:
    return _trusting() if not asked and named == _AUTHORITIES else _context(*asked, **named)


@cache
def _trusting() -> ssl.SSLContext:
    return _context(cafile=certifi.where())
