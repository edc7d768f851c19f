"""What the tests of the senders' traps share: a request as a vendor sends it, and what becomes of it."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from leadbridge.events import Event, Json, Parsed, Received, Verified
from leadbridge.parse import parse
from leadbridge.schemes import SCHEME, Scheme
from leadbridge.sources.registry import PRESETS

NOW = 1_796_000_000_000  # milliseconds: 2026-11-30
URL = "https://leads.example.com/hooks/source"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def json_body(value: Json) -> bytes:
    """JSON as most vendors write it: without spaces, not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def form_body(fields: Mapping[str, str]) -> bytes:
    """An URL-encoded form."""
    return urlencode(fields).encode()


def request(body: bytes, headers: Mapping[str, str], *, url: str = URL) -> Received:
    """What arrived, with its headers' names in lower case."""
    return Received(source="source", method="POST", url=url, headers=headers, body=body, received_at=NOW)


def parsed(preset: str, body: bytes, headers: Mapping[str, str] = JSON) -> Parsed:
    """What becomes of a request that is proved."""
    return parse(PRESETS[preset], Verified(request=request(body, headers), payload=body, verified=True))


def event_of(preset: str, body: bytes, headers: Mapping[str, str] = JSON) -> Event:
    """The one event of such a request."""
    (event,) = parsed(preset, body, headers).events
    return event


def scheme_of(preset: str, *secrets: str, **options: object) -> Scheme:
    """The preset's scheme with these secrets; with `scheme` among the options, that one instead."""
    own = {} if "scheme" in options else PRESETS[preset].scheme or {}
    return SCHEME.validate_python({**own, **options, "secrets": secrets})
