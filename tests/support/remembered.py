"""What is always the same and would be made anew each time: made once in a process, as long as tests run in it."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, Final

import certifi
import pytest
from typer import testing
from typer.main import get_command

from leadbridge.settings import positions
from leadbridge.settings.syntax import compose

# What httpx trusts: its own list, or the one that this machine names.
_AUTHORITIES: Final = {certifi.where(), os.environ.get("SSL_CERT_FILE")}
_LONGEST: Final = 8_192  # characters of a configuration that is remembered
_context = ssl.create_default_context


@contextmanager
def authorities() -> Iterator[None]:
    """Whom httpx trusts by default, read once and not for each client, 30 ms of work; nobody changes it."""
    _trusting(certifi.where())  # for those, too, who are forked from here
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ssl, "create_default_context", _asked_for)
        yield


@contextmanager
def commands() -> Iterator[None]:
    """The command line as `CliRunner` runs it, put together once and not for each command."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(testing, "_get_command", cache(get_command))
        yield


@contextmanager
def configurations() -> Iterator[None]:
    """The YAML of a configuration that many tests have, taken apart once: its nodes are only read."""
    remembering = lru_cache(maxsize=128)(compose)

    def composed(text: str, *, file: str) -> Any:
        return (remembering if len(text) <= _LONGEST else compose)(text, file=file)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(positions, compose.__name__, composed)
        yield


def _asked_for(*asked: Any, **named: Any) -> ssl.SSLContext:
    if not asked and named.keys() == {"cafile"} and named["cafile"] in _AUTHORITIES:
        return _trusting(named["cafile"])
    return _context(*asked, **named)


@cache
def _trusting(file: str) -> ssl.SSLContext:
    return _context(cafile=file)
