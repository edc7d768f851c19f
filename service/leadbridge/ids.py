"""Ids that sort by time (UUIDv7), and W3C trace ids."""

import re
from typing import Final

import uuid_utils

from leadbridge.clock import Millis

_OURS: Final = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def new_id() -> str:
    """A new UUIDv7 as text: later ones sort behind it."""
    return str(uuid_utils.uuid7())


def id_of(at: Millis) -> str:
    """A new UUIDv7 as it would have been made at a time; several of one millisecond are in no order."""
    return str(uuid_utils.uuid7(nanoseconds=at * 1_000_000))


def first_id(at: Millis) -> str:
    """What all ids from this time on are not less than, and all from before are."""
    digits = f"{at:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def time_of(made: str) -> Millis | None:
    """When an id or a trace id of ours was made; None for any other."""
    digits = made.replace("-", "").lower()
    return int(digits[:12], 16) if _OURS.fullmatch(digits) else None


def new_trace_id() -> str:
    """A new W3C trace id: 32 hex digits, in the order of time, so that an index of them grows at its end.

    Its last 7 bytes are random, as W3C Trace Context (level 2, 3.2.2.3) asks.
    """
    return uuid_utils.uuid7().hex


def new_span_id() -> str:
    """A new W3C span id: 16 hex digits, made without a call to the system, which would give the lock of Python away."""
    return uuid_utils.uuid4().hex[16:]


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id a `traceparent` header carries; None when it is not valid (W3C Trace Context, 3.2)."""
    match = _TRACEPARENT.fullmatch((traceparent or "").strip())
    if match is None or set(match[1]) == {"0"} or (traceparent or "").strip().startswith("ff"):
        return None
    return match[1]
