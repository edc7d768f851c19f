"""`sandbox`: the emulated CRMs and vendors alone."""

import logging

from leadbridge import logs
from leadbridge.clock import SystemClock
from leadbridge.commands.output import say
from leadbridge.http.server import listen, run_server, url_of
from leadbridge.sandbox.app import COPPER_PATH, LEADCONNECTOR_PATH, VENDORS_PATH, Sandbox
from leadbridge.sandbox.gateway import HideDrops
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.vendors import VENDORS


def sandbox(*, host: str, port: int, quotas: bool, time_scale: float) -> None:
    """Serve both CRMs, and the vendors whose leads are fetched, until stopped."""
    logs.configure()
    logging.getLogger("uvicorn.error").addFilter(HideDrops())
    emulated = Sandbox(SandboxOptions(quotas=quotas, time_scale=time_scale), SystemClock())
    with listen(host, port) as listener:
        base = url_of(listener)
        say(f"Copper         base_url: {base}{COPPER_PATH}")
        say(f"LeadConnector  base_url: {base}{LEADCONNECTOR_PATH}")
        for vendor in VENDORS:
            say(f"{vendor.name:14} base_url: {base}{VENDORS_PATH}/{vendor.name}")
        say(f"page           {base}/sandbox/")
        say(f"records        {base}/sandbox/state")
        run_server(emulated.app, listener)
