"""A test that hangs says where: what every thread does is printed.

As pytest's `faulthandler_timeout` does it, which starts and ends a thread for each test: that takes longer than most
tests, as soon as there are more processes than processors. Here one is started every now and then.
"""

import faulthandler
import os
from time import monotonic
from typing import Final

import pytest

HANGS: Final = 120  # seconds of one test
WATCHED: Final = 30  # seconds of tests that one start is enough for


class Watch:
    """Watches one test after the other; prints between `HANGS` and `HANGS + WATCHED` seconds after a test began."""

    def __init__(self) -> None:
        self._errors = os.dup(2)  # not where a test's own words go
        self._since: float | None = None

    def begins(self, test: pytest.Item) -> None:
        """A test begins; those that take minutes are not watched."""
        if test.get_closest_marker("slow") is not None:
            self.end()
        elif self._since is None or monotonic() - self._since > WATCHED:
            self._since = monotonic()
            faulthandler.dump_traceback_later(HANGS + WATCHED, file=self._errors)

    def end(self) -> None:
        """Watch nothing until the next one begins."""
        self._since = None
        faulthandler.cancel_dump_traceback_later()
