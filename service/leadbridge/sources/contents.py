"""What a submission says, without what differs each time it is sent: by it a repetition is told from a revision."""

import hashlib
import json
import re
from collections.abc import Sequence, Set
from typing import Final, TypeAlias

from leadbridge.events import Event, Json

# Fields that forms and relays add by themselves. An answer is hardly ever called so; of one that is (a form that asks
# for an IP address) another value makes no other submission within the window.
VOLATILE: Final = frozenset({
    "cf turnstile response", "csrf token", "date submitted", "form token", "g recaptcha response", "h captcha response",
    "ip", "ip address", "nonce", "recaptcha response", "recaptcha token", "remote ip", "request id",
    "submission time", "submitted at", "time submitted", "timestamp", "user agent", "user ip", "wpcf7 container post",
    "wpcf7 unit tag", "wpnonce",
})  # fmt: skip
# What presets call so in `meta`; in a field it may be an answer (the date of a booking).
_VOLATILE_META: Final = VOLATILE | {"created", "created at", "date", "landed at", "time", "updated at"}
Known: TypeAlias = dict[int, tuple[Json, str]]
"""What was read of a request, by identity; it holds the values, so that no other gets the identity of one."""

_SCALARS: Final = (str, int, float, type(None))
_NOTHING: Final = (None, "")
_LONG: Final = 1_000  # characters of JSON that are hashed again for each event of a request
_APART: Final = re.compile(r"[\W_]+")  # letters of any script are left: "IP-телефон" is no "ip"


def content_of(event: Event, *, but: Set[str] = frozenset()) -> bytes:
    """A digest of what an event says, in whatever order it came, without what is volatile and what is in `but`.

    `meta` is part of it: the same person in two forms of a source is two submissions, and so is another file.
    """
    fields = {name: value for name, value in event.fields.items() if name not in but and _plain(name) not in VOLATILE}
    meta = {name: value for name, value in event.meta.items() if name not in but and _plain(name) not in _VOLATILE_META}
    return hashlib.sha256(json.dumps([fields, meta], sort_keys=True).encode("utf-8", "surrogatepass")).digest()


def raw_of(event: Event, *, but: Set[str], known: Known | None = None) -> bytes:
    """A digest of an event's `raw`, whatever the order of its keys, without what stands at the paths in `but`.

    `known` is shared by the events of one request: what stands around all of them is read once, and not once for each.
    """
    raw = event.raw
    for path in sorted(but):
        raw = _without(raw, path.split("."))
    return hashlib.sha256(_said(raw, {} if known is None else known).encode("utf-8", "surrogatepass")).digest()


def _said(value: Json, known: Known) -> str:
    """`value` as JSON with sorted keys, everything long in it by its digest."""
    if isinstance(value, _SCALARS) and not (isinstance(value, str) and len(value) > _LONG):
        return json.dumps(value)
    _, found = known.get(id(value), _NOTHING)
    if not found:
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(key)}: {_said(item, known)}" for key, item in sorted(value.items()))
            found = f"{{{inner}}}"
        elif isinstance(value, list):
            found = f"[{', '.join(_said(item, known) for item in value)}]"
        else:
            found = json.dumps(value)
        if len(found) > _LONG:
            found = f"sha256:{hashlib.sha256(found.encode('utf-8', 'surrogatepass')).hexdigest()}"
        known[id(value)] = value, found
    return found


def _without(value: Json, steps: Sequence[str]) -> Json:
    """`value` without what is at these keys, also in each item of lists on the way; it is not changed itself."""
    if isinstance(value, list):
        return [_without(item, steps) for item in value]
    if not isinstance(value, dict) or steps[0] not in value:
        return value
    rest = {key: item for key, item in value.items() if key != steps[0]}
    return rest if len(steps) == 1 else {**rest, steps[0]: _without(value[steps[0]], steps[1:])}


def _plain(name: str) -> str:
    return _APART.sub(" ", name.lower()).strip()
