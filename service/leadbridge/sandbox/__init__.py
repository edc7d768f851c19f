"""The emulated Copper and LeadConnector, and the vendors whose leads are fetched: a set-up tried without an account.

They answer as the vendors' documents and recordings of the real ones say. What those leave open is an option, or the
harsher of the likely ways: what passes here should pass there.
"""

from leadbridge.sandbox.app import COPPER_PATH, LEADCONNECTOR_PATH, VENDORS_PATH, Sandbox
from leadbridge.sandbox.client import SandboxControl
from leadbridge.sandbox.faults import Delay, Drip, Drop, Fault, Html, Huge, LoseField, Malformed, Status
from leadbridge.sandbox.gateway import HideDrops
from leadbridge.sandbox.options import CopperOptions, LeadConnectorOptions, SandboxOptions
from leadbridge.sandbox.rates import RateLimit
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed, Seed
from leadbridge.sandbox.wire import ConnectionDropped

__all__ = [
    "COPPER_PATH",
    "LEADCONNECTOR_PATH",
    "VENDORS_PATH",
    "ConnectionDropped",
    "CopperOptions",
    "CopperSeed",
    "Delay",
    "Drip",
    "Drop",
    "Fault",
    "HideDrops",
    "Html",
    "Huge",
    "LeadConnectorOptions",
    "LeadConnectorSeed",
    "LoseField",
    "Malformed",
    "RateLimit",
    "Sandbox",
    "SandboxControl",
    "SandboxOptions",
    "Seed",
    "Status",
]
