"""docs/licences.md: what is installed with leadbridge, and under which licence, as each package says it of itself."""

import re
from importlib.metadata import metadata
from pathlib import Path
from typing import Final

from packaging.markers import Marker

_LOCK: Final = Path(__file__).parent.parent / "requirements.lock"
_LOCKED: Final = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\$", re.MULTILINE)
_IMAGE: Final = {"sys_platform": "linux", "platform_python_implementation": "CPython"}  # what the page is about
_LONGEST_NAME: Final = 40  # characters; what is longer is no name of a licence, but its text
# Whose metadata holds the text of a licence, and not its name: read by a person.
_READ: Final = {"httpx-aiohttp": "BSD-3-Clause"}

_HEAD: Final = """\
# Licences

leadbridge is under the [Apache License 2.0](../LICENSE). These packages are installed with it, in the image too, each
as it is published and unchanged; a licence is called as the package's metadata calls it. Made from `requirements.lock`;
a test refuses a licence that nobody looked at.

`nameparser` and `pycountry` are under the LGPL: they stay packages of their own, which whoever has the image can
replace by others of the same name. `any-OSI` is any licence that the Open Source Initiative approves.
What a package brings within it (OpenSSL, SQLite, libuv, RE2) is named in its own files.

| package | version | licence |
|---|---|---|
"""


def licences() -> dict[str, tuple[str, str]]:
    """Version and licence of each package that is locked for running leadbridge on Linux, by its name.

    Raises `PackageNotFoundError` for one that is not installed here, and `LookupError` for one that says nothing.
    """
    return {
        name: (version, _licence_of(name))
        for name, version, marker in _LOCKED.findall(_LOCK.read_text("utf-8"))
        if not marker or Marker(marker).evaluate(_IMAGE)
    }


def page() -> str:
    """The whole page."""
    rows = [f"| `{name}` | {version} | {licence} |" for name, (version, licence) in licences().items()]
    return _HEAD + "\n".join(rows) + "\n"


def _licence_of(name: str) -> str:
    said = metadata(name)

    def lines(field: str) -> list[str]:
        return said.get_all(field) or []

    short = [one for one in lines("License") if len(one) <= _LONGEST_NAME]
    classified = [one.rpartition(" :: ")[2] for one in lines("Classifier") if one.startswith("License :: ")]
    named = lines("License-Expression") or short or classified
    if not (named or name in _READ):
        raise LookupError(f"{name} does not name its licence: read it, and add it to _READ in tests/licences.py")
    return " AND ".join(named) or _READ[name]
