"""The JSON Schema and the reference say what the loader takes."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from leadbridge.crm.registry import CRMS
from leadbridge.settings.models import SCHEMES
from leadbridge.settings.positions import read_document
from leadbridge.settings.reference import reference
from leadbridge.settings.schema import json_schema, options_at
from leadbridge.sources.registry import PRESETS
from tests.settings.corpus import Case, cases

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = [Case(path) for path in sorted(CONFIG.glob("**/*.yaml"))]


def data(case: Case) -> Any:
    return read_document(case.path.read_text("utf-8"), file=case.path.name).data


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(json_schema())


def errors(instance: Any) -> list[str]:
    return [error.message for error in validator().iter_errors(instance)]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from objects(item)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("case", [*cases("valid"), *SHIPPED], ids=str)
def test_a_configuration_that_loads_is_valid_by_the_schema_as_it_is_written(case: Case) -> None:
    assert errors(data(case)) == []


@pytest.mark.parametrize(
    "name",
    [
        "top_level_options", "version", "sections_of_the_wrong_kind", "no_sources", "server", "source_names", "presets",
        "verify_missing", "verify_schemes", "verify_options", "destinations", "quotas", "route_options",
    ],
)  # fmt: skip
def test_an_editor_sees_what_one_option_alone_has_wrong(name: str) -> None:
    assert errors(data(next(case for case in cases("invalid") if str(case) == name)))


def test_every_object_is_closed_and_every_option_described() -> None:
    schema = json_schema()
    for one in objects(schema):
        assert "additionalProperties" in one, one
        assert one["additionalProperties"] is False or one.get("properties") is None
        for name, option in one.get("properties", {}).items():
            described = option if "description" in option else schema["$defs"][option["$ref"].rpartition("/")[2]]
            assert described["description"], name


def test_a_variable_may_stand_for_a_number_and_not_for_a_section() -> None:
    source = {"preset": "generic", "verify": {"scheme": "token", "secrets": "${TOKEN}"}}
    good = {"version": 1, "server": {"max_body": "${MAX}"}, "sources": {"a": source | {"region": "${REGION}"}}}
    assert errors(good) == []
    assert errors(good | {"server": "${SERVER}"})


def test_the_options_of_a_place_are_those_of_the_shape_that_was_begun() -> None:
    schema = json_schema()
    written = {
        "sources": {"a": {"verify": {"scheme": "basic"}}, "b": {"verify": {}}},
        "destinations": {"c": {"crm": "copper"}},
        "routes": [{"lead": {}}],
    }
    assert set(options_at(schema, ("sources", "a", "verify"), written)) == {"scheme", "username", "secrets"}
    assert "scheme" not in options_at(schema, ("sources", "b", "verify"), written)
    assert "access_token" in options_at(schema, ("destinations", "c"), written)
    assert "location_id" not in options_at(schema, ("destinations", "c"), written)
    assert "date_of_birth" in options_at(schema, ("routes", 0, "lead"), written)
    assert options_at(schema, ("routes", 0, "nowhere"), written) == {}


def test_the_reference_has_every_option_preset_scheme_and_crm() -> None:
    text = reference()
    for one in objects(json_schema()):
        for name in one.get("properties", {}):
            assert f"| `{name}` |" in text or f"| **`{name}`** |" in text
    for name in PRESETS:
        assert f"| `{name}` |" in text
    for name in SCHEMES:
        assert f"with `scheme: {name}`" in text
    for name in CRMS:
        assert f"with `crm: {name}`" in text
