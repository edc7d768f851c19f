"""Libraries that other libraries import wherever they are installed, for what is never asked of them here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*libraries: str) -> Iterator[None]:
    """As if they were not installed, for imports in the body; one that is imported already stays."""
    hidden = [name for name in libraries if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python says that there is none
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
