"""Whether a route's `write`, `note` and other choices fit what it maps and the CRM it leads to."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from leadbridge.crm.adapter import Adapter, LeadKey, RouteOption
from leadbridge.lead import LEAD_KEYS
from leadbridge.settings.choices import near
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Path, Problem, Severity
from leadbridge.settings.route import RECOGNISED, Route

_NAME_PARTS: Final = ("first_name", "middle_name", "last_name", "prefix", "suffix")
# The keys of the lead that a key is filled from when the route does not map it: a rule for those holds for it too.
FILLED_FROM: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(_NAME_PARTS, ("name",)),
        "email": ("emails",),
        "emails": ("email",),
        "phone": ("phones",),
        "phones": ("phone",),
        "website": ("websites",),
        "websites": ("website",),
    }
)
# And of which keys one is made when no rule fills it, the likeliest first: a full name of its parts as well.
MADE_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({**FILLED_FROM, "name": _NAME_PARTS})
_CUSTOM: Final = "custom:"
_NOT_FOLLOWED: Final[Mapping[RouteOption, str]] = MappingProxyType(
    {
        "write": "knows no write rules: every value is written as it comes",
        "note": "has no notes that leadbridge could write",
        "allow_duplicates": "has no rules of its own against duplicates",
        "on_many": "decides itself which record it updates",
    }
)


def write_problems(
    document: Document, path: Path, route: Route, adapter: type[Adapter], *, title: str
) -> Iterator[Problem]:
    """What of the route's choices cannot be followed, as errors, and what has no effect, as warnings."""
    for option in _given(route):
        if option not in adapter.supports:
            severity: Severity = "warning" if option == "on_many" else "error"
            yield document.problem(
                (*path, option), f"{title} {_NOT_FOLLOWED[option]}", hint="leave it out", at="key", severity=severity
            )
    record = route.upsert or adapter.records[0]
    if record not in adapter.records:
        return  # a problem of its own
    keys = adapter.lead_keys_of(record)
    if route.recognise and (route.note is None or route.note.source is False):
        unwritten = [key for key in LEAD_KEYS if key in RECOGNISED and keys[key].attribute is None]
        listed = ", ".join(f"`{key}`" for key in [*unwritten, "other"])
        yield document.problem(
            (*path, "recognise"),
            f"{title} has no attribute for what may be recognised as {listed}",
            hint="say `note: true`, so that it is on the record all the same" if "note" in adapter.supports else "",
            at="key",
            severity="warning",
        )
    for key, rule in route.write.items():
        place = (*path, "write", key)
        unknown = _unknown(key, route)
        if unknown:
            yield document.problem(place, "no rule can be given for this", hint=unknown, at="key")
            continue
        if rule == "merge" and key != "tags" and not _merges(key, keys):
            held = "one value" if key.startswith(_CUSTOM) else f"one `{key}`"
            yield document.problem(place, f"`merge` is for lists, and {title} keeps {held}", hint="write `always`")
        elif (other := _main_key(key)) is not None and _differs(key, other, route, keys):
            yield document.problem(
                place, f"{title} makes one value of `{key}` and `{other}`", hint=f"give the rule to `{other}`", at="key"
            )
        if not _is_mapped(key, route):
            where = "custom_fields" if key.startswith(_CUSTOM) else "lead"
            hint = f"map it under `{where}`, or leave the rule out"
            if key == "tags":
                hint = "give the route `tags`, or leave the rule out"
            yield document.problem(
                place, "the route maps nothing to it: the rule changes nothing", hint=hint, at="key", severity="warning"
            )


def _given(route: Route) -> Iterator[RouteOption]:
    if route.write:
        yield "write"
    if route.note is not None and route.note.source is not False:
        yield "note"
    if route.allow_duplicates:
        yield "allow_duplicates"
    if route.on_many != "hold":
        yield "on_many"


def _unknown(key: str, route: Route) -> str:
    """What to write instead of a key that is none; empty for one that is."""
    known = [name for name in LEAD_KEYS if name != "other"]  # tags among them
    head, _, rest = key.partition(".")
    if key in known or (key.startswith(_CUSTOM) and key.removeprefix(_CUSTOM).strip()):
        return ""
    if head in ("address", "utm") and rest:
        return f"the rule for `{head}` holds for all of its parts"
    if key in route.custom_fields:
        return f'for the custom field write "custom:{key}"'
    meant = near(key, known)
    return f"did you mean `{meant}`?" if meant else "there are the lead's keys, `tags` and `custom:NAME`"


def _merges(key: str, keys: Mapping[str, LeadKey]) -> bool:
    return key in keys and keys[key].merges


def _main_key(key: str) -> str | None:
    """The key beside which this one only says more."""
    if key in _NAME_PARTS:
        return "name"
    return key.removesuffix("s") if key in ("emails", "phones", "websites") else None


def _differs(key: str, main: str, route: Route, keys: Mapping[str, LeadKey]) -> bool:
    """Whether two keys that make one attribute of the CRM have two rules."""
    attribute = keys[key].attribute
    inherits = main in FILLED_FROM and main not in route.write
    return (
        attribute is not None
        and attribute == keys[main].attribute
        and not inherits
        and route.write.get(main) != route.write[key]
    )


def _is_mapped(key: str, route: Route) -> bool:
    if key.startswith(_CUSTOM):
        return key.removeprefix(_CUSTOM) in route.custom_fields
    if key == "tags" and (route.tags.add or route.tags.remove or route.tags.replace is not None):
        return True
    return route.gives(key, *MADE_OF.get(key, ()))
