"""The tree that is drawn in `errors.py` is the tree that there is."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import leadbridge
from leadbridge import errors
from leadbridge.errors import LeadbridgeError

DRAWN, _, SIGNALS = (errors.__doc__ or "").partition("What a CRM answers")
SIGNAL = re.compile(r"^(\w+) +([A-Z]\w+) {2,}\S", re.MULTILINE)
LINE = re.compile(r"^((?:[│ ]   )*)[├└]── (\w+)", re.MULTILINE)


def exceptions() -> Iterator[type[BaseException]]:
    """Every public exception of the package."""
    for module in pkgutil.walk_packages(leadbridge.__path__, "leadbridge."):
        if module.name.endswith("__main__"):
            continue
        for name, one in vars(importlib.import_module(module.name)).items():
            if isinstance(one, type) and issubclass(one, BaseException) and one.__module__ == module.name:
                assert name == one.__name__
                if not name.startswith("_"):
                    yield one


def drawn() -> dict[str, str]:
    """Each name in the drawing, and the one above it."""
    above = [LeadbridgeError.__name__]
    found = {}
    for indent, name in LINE.findall(DRAWN):
        depth = len(indent) // 4 + 1
        del above[depth:]
        found[name] = above[-1]
        above.append(name)
    return found


def test_every_error_is_drawn_below_the_one_it_is_a_kind_of() -> None:
    ours = {one for one in exceptions() if issubclass(one, LeadbridgeError) and one is not LeadbridgeError}
    assert drawn() == {one.__name__: one.__bases__[0].__name__ for one in ours}


def test_what_is_no_error_of_leadbridge_is_named_as_a_signal_of_its_room() -> None:
    signals = {
        (one.__module__.split(".")[1], one.__name__) for one in exceptions() if not issubclass(one, LeadbridgeError)
    }
    assert set(SIGNAL.findall(SIGNALS)) == signals
