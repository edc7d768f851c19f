"""The tables of docs/sandbox.md, made from the models that the sandbox itself reads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, TypeAdapter

from leadbridge.sandbox import (
    COPPER_PATH,
    LEADCONNECTOR_PATH,
    VENDORS_PATH,
    CopperSeed,
    Fault,
    LeadConnectorSeed,
    SandboxOptions,
)
from leadbridge.sandbox.copper.api import _ROUTES as COPPER_ROUTES
from leadbridge.sandbox.faults import Delay, Ending, LoseField
from leadbridge.sandbox.leadconnector.routes import ROUTES as LEADCONNECTOR_ROUTES
from leadbridge.sandbox.recipes import RECIPES
from leadbridge.sandbox.routing import Routes
from leadbridge.sandbox.vendors import VENDORS

KINDS: Final[tuple[type[BaseModel], ...]] = (Delay, LoseField, *get_args(Ending))
_TYPES: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_MODELS: Final = ("copper", "leadconnector", "seeds", *(one.name for one in VENDORS))  # that are tables of their own
_LONG: Final = 60  # characters of a default


def endpoints() -> str:
    """Every call that is answered."""
    apis: tuple[tuple[str, str, Routes[Any]], ...] = (
        ("Copper", COPPER_PATH, COPPER_ROUTES),
        ("LeadConnector", LEADCONNECTOR_PATH, LEADCONNECTOR_ROUTES),
    )
    rows = []
    for title, base, routes in apis:
        methods: dict[str, list[str]] = {}
        for method, pattern in routes.listed:
            methods.setdefault(pattern, []).append(method)
        calls = ", ".join(f"`{' '.join(sorted(listed))} {path}`" for path, listed in sorted(methods.items()))
        rows.append((f"{title}, under `{base}`", calls))
    return table(("CRM", "calls"), rows)


def vendors() -> str:
    """Every document that is answered, and what is wanted of a call."""
    rows = [
        (
            f"{vendor.title}, under `{VENDORS_PATH}/{vendor.name}`",
            ", ".join(f"`{name}`: `GET {kind.path}`" for name, kind in vendor.documents.items()),
            f"`{vendor.scheme} TOKEN`",
        )
        for vendor in VENDORS
    ]
    return table(("vendor", "documents by kind", "`Authorization`"), rows)


def vendor_documents() -> str:
    """What must stand in a document that is put in."""
    rows = [
        (
            f"`{vendor.name}`",
            f"`{name}`",
            f"`{kind.ids}`",
            f"`{kind.own_id}`" + (", added where it is left out" if kind.adds_id else ""),
            f"`{kind.needs}`" if kind.needs else "",
        )
        for vendor in VENDORS
        for name, kind in vendor.documents.items()
    ]
    return table(("vendor", "kind", "put in under", "says its own id at", "no lead without"), rows)


def kinds() -> str:
    """What can happen to a call."""
    rows = []
    for kind in KINDS:
        name = kind.model_fields["kind"].default
        given = "<br>".join(
            f"`{option}`: {takes}{f', `{default}` unless given' if default else ''}. {said}"
            for option, takes, default, said in options_of(kind)
            if option != "kind"
        )
        rows.append((f"`{name}`", one_line(kind.__doc__), given))
    return table(("kind", "what happens", "with"), rows)


def matching() -> str:
    """Which calls a fault strikes."""
    return options_table(Fault)


def recipes() -> str:
    """Faults by name."""
    rows = []
    for name, recipe in RECIPES.items():
        fault = recipe.fault.model_dump(mode="json", exclude_defaults=True)
        action = {"kind": recipe.fault.action.kind, **fault.pop("action", {})}
        written = json.dumps({"action": action, **fault})
        rows.append((f"`{name}`", recipe.story, recipe.outcome, f"`{written}`"))
    return table(("recipe", "what it stands for", "what leadbridge makes of it", "the fault"), rows)


def switches() -> str:
    """Every option of the sandbox."""
    parts = []
    models: dict[str, type[BaseModel]] = {"All of it": SandboxOptions}
    models |= {f"`{name}`": type(getattr(SandboxOptions(), name)) for name in _MODELS if name != "seeds"}
    for title, model in models.items():
        parts += [f"### {title}", "", options_table(model, without=_MODELS), ""]
    return "\n".join(parts)


def seeds() -> str:
    """What an account may be given beforehand."""
    parts = []
    for title, model in (("Copper", CopperSeed), ("LeadConnector", LeadConnectorSeed)):
        rows = [(f"`{name}`", takes) for name, takes, _, _ in options_of(model)]
        parts += [f"### {title}", "", one_line(model.__doc__), "", table(("key", "takes"), rows), ""]
    return "\n".join(parts)


def options_table(model: type[BaseModel], *, without: Iterable[str] = ()) -> str:
    """The options of a model with what they take, their defaults and what they are for."""
    rows = [
        (f"`{name}`", takes, f"`{default}`" if default else "", said)
        for name, takes, default, said in options_of(model)
        if name not in without
    ]
    return table(("option", "takes", "default", "what it is for"), rows)


def options_of(model: type[BaseModel]) -> list[tuple[str, str, str, str]]:
    """Name, what it takes, its default if it has one, and its description."""
    schema = TypeAdapter(model).json_schema()
    found = []
    for name, option in schema["properties"].items():
        default = option.get("default")
        written = "" if default in (None, [], {}) else json.dumps(default)
        said = option.get("description", "")
        found.append((name, takes_of(option, schema), written.strip('"') if len(written) < _LONG else "", said))
    return found


def takes_of(option: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What an option takes, in words."""
    if "$ref" in option:
        return takes_of(schema["$defs"][option["$ref"].rpartition("/")[2]], schema)
    if "const" in option or "enum" in option:
        return ", ".join(f"`{one}`" for one in option.get("enum", [option.get("const")]))
    if "oneOf" in option:
        return "one of the kinds"
    if "anyOf" in option:
        return " or ".join(takes_of(one, schema) for one in option["anyOf"])
    if option.get("type") == "array":
        return f"list of {takes_of(option['items'], schema)}"
    if option.get("type") == "object":
        inner = ", ".join(f"`{name}`" for name in option.get("properties", ()))
        return f"object with {inner}" if inner else "object"
    return _TYPES.get(option.get("type", ""), option.get("type") or "anything")


def one_line(text: str | None) -> str:
    """A docstring as one paragraph."""
    return " ".join((text or "").split())


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
