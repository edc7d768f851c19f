"""HTTP that goes out: to the CRMs, and to the vendors whose leads are fetched.

httpx is imported here first, without what it takes for a command of its own.
"""

from leadbridge.unneeded import without

with without("pygments", "rich"):
    import httpx  # noqa: F401
