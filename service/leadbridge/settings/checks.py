"""What no single option can tell: whether sources, destinations, routes and CRMs fit each other.

The names are read from the file as it stands, so that a mistake in one source does not hide those in the routes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from leadbridge.crm.adapter import Adapter
from leadbridge.crm.registry import CRMS
from leadbridge.events import Json
from leadbridge.schemes import Unsigned
from leadbridge.settings.accounts import account_problems
from leadbridge.settings.choices import advice
from leadbridge.settings.fetching import announced_alone
from leadbridge.settings.finding import finding_problems
from leadbridge.settings.models import Settings, Source
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Path, Problem
from leadbridge.settings.route import Route
from leadbridge.settings.write import write_problems
from leadbridge.sources.handshakes import HANDSHAKES, SIGNS
from leadbridge.sources.registry import PRESETS

_EXPRESSION: Final = re.compile(r"\{\{[^{}]*\}\}")
_MEANT: Final = re.compile(
    r"""
      ^\s*((?:fields|meta|raw)[.\[]\S+)\s*$            # nothing but a field's name
    | \{\{?\s*((?:fields|meta|raw)[.\[][^{}]*)\}  # with too few braces
    """,
    re.VERBOSE,
)
_PRIVATE_DOMAINS: Final = (".internal", ".local", ".localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The sources and routes that are valid in themselves; of a wrong configuration, perhaps not all."""

    sources: Mapping[str, Source]
    routes: Mapping[int, Route]

    @classmethod
    def of(cls, settings: Settings) -> "Parts":
        """Every source and route of a configuration, to be looked at."""
        return cls(sources=settings.sources, routes=dict(enumerate(settings.routes)))


def cross_check(document: Document, data: Json, parts: Parts) -> Iterator[Problem]:
    """Everything that does not fit, as errors and warnings, in no order."""
    yield from _unknown_names(document, data)
    yield from _equal_names(document, data, parts)
    yield from _unused(document, data)
    yield from _forgotten_braces(document, data)
    yield from _unencrypted(document, data)
    yield from account_problems(document, _section(data, "destinations"))
    for name, source in parts.sources.items():
        if isinstance(source.scheme, Unsigned):
            yield document.problem(
                ("sources", name, "verify"),
                "the sender is not verified: anyone who knows the URL can post leads",
                hint="if it can send a secret or a signature, write `verify: {scheme: …}`",
                severity="warning",
            )
            if source.quarantine:
                yield document.problem(
                    ("sources", name, "quarantine"),
                    "no request of an unsigned source is ever refused",
                    hint="leave it out",
                    severity="warning",
                )
        yield from _handshake(document, name, source)
        yield from announced_alone(document, name, PRESETS[source.preset], source.fetch)
    for index, route in parts.routes.items():
        crm = _section(_section(data, "destinations"), route.to).get("crm")
        if isinstance(crm, str) and crm in CRMS:
            adapter, title = CRMS[crm].adapter, CRMS[crm].title
            yield from _not_of_this_crm(document, ("routes", index), route, adapter, title=title)
            yield from write_problems(document, ("routes", index), route, adapter, title=title)
            yield from finding_problems(document, ("routes", index), route, adapter, title=title)


def _handshake(document: Document, name: str, source: Source) -> Iterator[Problem]:
    """Whether the vendor's question about the URL can be answered."""
    kind = source.handshake.kind if source.handshake else None
    asked = [*PRESETS[source.preset].handshakes, *([HANDSHAKES[kind]] if kind else [])]
    path: Path = ("sources", name, "handshake")
    wants_token = next((one.kind for one in asked if one.token is not None), None)
    if wants_token and not source.verify_tokens:
        problem = f"{wants_token} asks for a verify token when the webhook is saved, and none is known: it is refused"
        hint = 'write `handshake: {token: "${NAME}"}`, and type the same one in there'
        where = path if source.handshake else path[:2]
        yield document.problem(where, problem, hint=hint, at="key", severity="warning")
    if source.verify_tokens and not wants_token:
        problem = "no vendor of this source asks for a verify token"
        hint = "leave it out; secrets that prove the sender stand under `verify`"
        yield document.problem((*path, "token"), problem, hint=hint, at="key", severity="warning")
    signing = next((one.kind for one in asked if one.signs), None)
    if signing and isinstance(source.scheme, Unsigned):
        problem = f"{signing} wants its challenge signed, and there is no secret to sign with: it is refused"
        yield document.problem(("sources", name, "verify"), problem, hint="write its secret", severity="warning")
    elif signing and source.scheme.scheme != SIGNS:
        problem = f"{signing} wants its challenge signed, and a stranger could use that as a proof here: it is refused"
        yield document.problem(path, problem, hint="give it a source of its own, with `scheme: hmac`", at="key")


def _section(data: Json, name: str) -> Mapping[str, Json]:
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _routes(data: Json) -> Iterator[tuple[int, Mapping[str, Json]]]:
    routes = data.get("routes")
    for index, route in enumerate(routes if isinstance(routes, list) else ()):
        if isinstance(route, Mapping):
            yield index, route


def _ends(data: Json) -> Iterator[tuple[Path, str, str]]:
    """Every name that a route gives as its `from` or `to`: place, section, name."""
    for index, route in _routes(data):
        for option, section in (("from", "sources"), ("to", "destinations")):
            said = route.get(option)
            if isinstance(said, str):
                yield ("routes", index, option), section, said
            elif isinstance(said, list) and option == "from":
                yield from (
                    (("routes", index, option, at), section, name)
                    for at, name in enumerate(said)
                    if isinstance(name, str)
                )


def _unknown_names(document: Document, data: Json) -> Iterator[Problem]:
    for path, section, name in _ends(data):
        known = _section(data, section)
        if "{{" in name and section == "destinations":
            problem = "a destination chosen by an expression is planned, and not in this version"
            yield document.problem(path, problem, hint="write a route for each, with `when`")
        elif name and name not in known:
            hint = advice(name, known, what=section)
            yield document.problem(path, f"unknown {section.removesuffix('s')} `{name}`", hint=hint)


def _equal_names(document: Document, data: Json, parts: Parts) -> Iterator[Problem]:
    names = {index: route.name for index, route in parts.routes.items()}
    for index, route in _routes(data):
        if isinstance(route.get("name"), str):
            names[index] = route["name"]  # also of a route that is wrong elsewhere
    first: dict[str, int] = {}
    for index, name in sorted(names.items()):
        if name in first:
            line = document.place(("routes", first[name], "name")).key.line
            yield document.problem(
                ("routes", index, "name"),
                f"another route is called `{name}`, on line {line}",
                hint="give this one a `name` of its own",
            )
        first.setdefault(name, index)


def _unused(document: Document, data: Json) -> Iterator[Problem]:
    used = {(section, name) for _, section, name in _ends(data)}
    effects = {
        "sources": ("no route takes from this source: its submissions are kept and go nowhere", "from"),
        "destinations": ("no route leads to this destination: nothing is sent to it", "to"),
    }
    for section, (effect, option) in effects.items():
        for name in _section(data, section):
            if (section, name) not in used:
                hint = f"name it in a route's `{option}`, or remove it"
                yield document.problem((section, name), effect, hint=hint, at="key", severity="warning")


def _forgotten_braces(document: Document, data: Json) -> Iterator[Problem]:
    """Texts of a route that were surely meant as expressions: they would write `fields.city` as everyone's city."""
    for index, route in _routes(data):
        for path, text in _texts(("routes", index), route):
            meant = _MEANT.search(_EXPRESSION.sub("", text))
            if meant:
                hint = f'for the form\'s value write "{{{{ {(meant[1] or meant[2]).strip()} }}}}"'
                yield document.problem(path, "is written as it stands, for every lead", hint=hint, severity="warning")


def _unencrypted(document: Document, data: Json) -> Iterator[Problem]:
    """Addresses by which secrets or leads would cross the internet in the clear."""
    addresses: dict[Path, Json] = {("server", "public_url"): _section(data, "server").get("public_url")}
    for name in _section(data, "destinations"):
        addresses["destinations", name, "base_url"] = _section(_section(data, "destinations"), name).get("base_url")
    for name in _section(data, "sources"):
        fetch = _section(_section(_section(data, "sources"), name), "fetch")
        addresses["sources", name, "fetch", "base_url"] = fetch.get("base_url")
    for path, address in addresses.items():
        if isinstance(address, str) and address.startswith("http://") and not _is_private(address):
            problem = "leads, and the secrets sent with them, can be read on their way"
            yield document.problem(path, problem, hint="write https://", severity="warning")


def _is_private(address: str) -> bool:
    """Whether the host is not on the internet, as far as its name tells."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:  # it is no address, which is a problem of its own
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_DOMAINS)


def _texts(path: Path, value: Json) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts((*path, str(key)), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts((*path, index), item)


def _not_of_this_crm(
    document: Document, path: Path, route: Route, adapter: type[Adapter], *, title: str
) -> Iterator[Problem]:
    if route.upsert is not None and route.upsert not in adapter.records:
        offered = f"it has: {', '.join(adapter.records)}"
        problem = f"this version has no upsert of a {route.upsert} in {title}"
        yield document.problem((*path, "upsert"), problem, hint=offered)
    record = route.upsert if route.upsert in adapter.records else adapter.records[0]
    match_keys, lead_keys = adapter.match_keys_of(record), adapter.lead_keys_of(record)
    for index, match in enumerate(route.match):
        if match.by not in match_keys:
            offered = ", ".join("custom:NAME" if key == "custom" else key for key in match_keys)
            problem = f"{title} cannot match by {'a custom field' if match.by == 'custom' else match.by}"
            yield document.problem((*path, "match", index), problem, hint=f"it can match by: {offered}")
    for key in route.lead.model_fields_set if route.lead else ():
        how = lead_keys.get(key)
        if how is not None and how.attribute is None:
            yield document.problem(
                (*path, "lead", key), f"is not sent to {title}", hint=how.how, at="key", severity="warning"
            )
