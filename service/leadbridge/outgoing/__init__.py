"""HTTP that goes out: to the CRMs, and to the vendors whose leads are fetched.

The libraries for it are imported here first, without what they do for others: 70 ms of each start.
"""

import os
from typing import Final

from leadbridge.unneeded import without

_TRUST: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def _import_aiohttp() -> None:
    """Import it where it finds no authorities.

    It reads the system's twice then, for connections that are not told whom to trust: none of ours, which bring their
    own (see `ways`). Such a connection now trusts nobody.
    """
    given = {name: os.environ.get(name) for name in _TRUST}
    os.environ.update(dict.fromkeys(_TRUST, os.devnull))
    try:
        import aiohttp  # noqa: F401, PLC0415  # here, and by nobody earlier
    finally:
        for name, value in given.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


with without("pygments", "rich"):  # httpx takes them for a command of its own
    import httpx  # noqa: F401
_import_aiohttp()
