"""No option is a knob that nobody turns: each is used, in every one of its shapes, by a configuration that loads."""

from collections.abc import Iterator, Mapping
from typing import Any

from leadbridge.settings.positions import read_document
from leadbridge.settings.schema import Schema, json_schema, options_at
from tests.generated import ROOT
from tests.settings.corpus import Case, cases

USED_IN = [*cases("valid"), *(Case(path) for path in sorted((ROOT / "config").glob("**/*.yaml")))]
SCHEMA = json_schema()


def mappings(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every mapping within `data`."""
    if isinstance(data, Mapping):
        yield path
    items = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for step, item in items:
        yield from mappings(item, (*path, step))


def shapes(schema: Schema) -> dict[str, Mapping[str, Schema]]:
    """Every shape that holds options, by its name."""
    named = {name: one["properties"] for name, one in schema["$defs"].items() if "properties" in one}
    return {"the file": schema["properties"], **named}


def used(schema: Schema) -> set[int]:
    """The options that some configuration gives, by their identity in `schema`."""
    found: set[int] = set()
    for case in USED_IN:
        data: Any = read_document(case.text, file=str(case)).data
        for path in mappings(data):
            options = options_at(schema, path, data)
            here = data
            for step in path:
                here = here[step]
            found |= {id(option) for name, option in options.items() if name in here}
    return found


def test_every_option_is_used_by_a_configuration_that_loads() -> None:
    """Made wrong by a new option? Use it in `tests/settings/valid/`, in an example or in a recipe."""
    given = used(SCHEMA)
    unused = [
        f"{shape}: {name}"
        for shape, options in shapes(SCHEMA).items()
        for name, option in options.items()
        if id(option) not in given
    ]
    assert unused == []


def test_an_option_that_nobody_uses_would_be_found() -> None:
    schema = json_schema()
    schema["$defs"]["Server"]["properties"]["unheard_of"] = {"type": "string"}
    assert id(schema["$defs"]["Server"]["properties"]["unheard_of"]) not in used(schema)
    assert id(schema["$defs"]["Server"]["properties"]["max_body"]) in used(schema)
