"""The configuration's JSON Schema: what an editor completes and checks while a person writes the file.

It describes the file as it is written, so a `verify:` without a scheme, a single secret, and `${NAME}` in place of a
number are all in it, while the models describe what is left after loading.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from leadbridge.crm.registry import CRMS
from leadbridge.crm.settings import DestinationSettings
from leadbridge.events import Json
from leadbridge.settings.models import NAME_PATTERN, SCHEMES, Settings
from leadbridge.settings.problem import Path
from leadbridge.settings.sizes import SIZE_PATTERN
from leadbridge.sources.registry import PRESETS

Schema: TypeAlias = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE: Final = {
    "type": "string",
    "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$",
    "description": "Taken from the environment.",
}
_TEMPLATE: Final = {
    "type": ["string", "number", "boolean", "null"],
    "description": "A constant, an expression in `{{ }}`, or text with expressions in it.",
}
_PLAIN_STRING: Final = frozenset({"type", "description", "format", "writeOnly"})


def json_schema() -> Schema:
    """One JSON Schema (2020-12) of the whole file, strict, with a description at every option."""
    models: list[type[BaseModel]] = [Settings, *SCHEMES.values(), *(kind.settings for kind in CRMS.values())]
    refs, made = models_json_schema([(model, "validation") for model in models], by_alias=True)
    definitions: dict[str, Schema] = made["$defs"]
    names = {model: refs[model, "validation"]["$ref"].rpartition("/")[2] for model in models}
    schemes = {name: names[model] for name, model in SCHEMES.items()}
    destinations = [names[kind.settings] for kind in CRMS.values()]
    _write_source(definitions, schemes)
    for kind in CRMS.values():
        definitions[names[kind.settings]]["properties"]["crm"]["description"] = f"The kind of CRM: {kind.title}."
    definitions.pop(DestinationSettings.__name__, None)  # those of the CRMs say it all
    definitions["Destination"] = {"anyOf": [_ref(name) for name in destinations]}
    definitions["Server"]["properties"]["max_body"]["anyOf"] = [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": SIZE_PATTERN},
    ]
    _write_route(definitions["Route"]["properties"])
    top = definitions.pop(names[Settings])
    for section, member in (("sources", "Source"), ("destinations", "Destination")):
        top["properties"][section] |= {"patternProperties": {NAME_PATTERN: _ref(member)}, "additionalProperties": False}
        top["properties"][section].pop("propertyNames", None)
    for option in (top["properties"]["defaults"], top["properties"]["server"]):
        option.pop("default")  # what each of its own options says
    definitions = {name: _as_written(one) for name, one in sorted(definitions.items())}
    definitions |= {"Variable": _VARIABLE, "Template": _TEMPLATE}
    return {"$schema": DIALECT, "title": "leadbridge configuration", **_as_written(top), "$defs": definitions}


def options_at(schema: Schema, path: Path, data: Json) -> Mapping[str, Schema]:
    """The options that may stand at `path` of `data`, by name; among several shapes, those that `data` has begun."""
    found = [schema]
    for step in path:
        shapes = [shape for one in found for shape in _shapes(one, schema, data)]
        found = [inner for shape in shapes for inner in _inner(shape, step)]
        data = data[step] if _has(data, step) else None
    shapes = [shape for one in found for shape in _shapes(one, schema, data)]
    shapes = [shape for shape in shapes if _named_by(shape, data)] or shapes
    return {name: option for shape in shapes for name, option in shape.get("properties", {}).items()}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _write_source(definitions: dict[str, Schema], schemes: Mapping[str, str]) -> None:
    """What a source says of its preset and its verification, in every way in which it may be said."""
    for scheme, name in schemes.items():
        definition = definitions[name]
        definition["properties"]["scheme"] = {"const": scheme, "description": "The kind of verification."}
        definition["required"] = ["scheme", *(one for one in definition.get("required", []) if one != "scheme")]
    brought = {str(preset.scheme["scheme"]) for preset in PRESETS.values() if preset.scheme}
    options: dict[str, list[Schema]] = {}
    for scheme in (one for one in schemes if one in brought):
        for name, option in definitions[schemes[scheme]]["properties"].items():
            if name != "scheme":
                options.setdefault(name, []).append(option)
    definitions["PresetScheme"] = {
        "type": "object",
        "description": "Options for the scheme that the preset brings.",
        "properties": {name: _either(several) for name, several in options.items()},
        "additionalProperties": False,
    }
    source = definitions["Source"]
    properties = source["properties"]
    properties["preset"] = {
        "description": properties["preset"]["description"],
        "anyOf": [{"const": preset.name, "description": preset.title} for preset in PRESETS.values()],
    }
    properties["verify"] = {
        "description": properties["verify"]["description"],
        "anyOf": [{"const": "none"}, *(_ref(name) for name in schemes.values()), _ref("PresetScheme")],
    }
    source["required"] = ["preset", "verify"]


def _either(options: list[Schema]) -> Schema:
    """One option that several schemes have, each with a default of its own: what any of them takes."""
    first = options[0]
    shapes = [{key: value for key, value in one.items() if key not in {"description", "default"}} for one in options]
    distinct = [shape for at, shape in enumerate(shapes) if shape not in shapes[:at]]
    if len(distinct) == 1:
        same_default = all(one.get("default") == first.get("default") for one in options)
        return first if same_default else {key: value for key, value in first.items() if key != "default"}
    if all("enum" in shape for shape in distinct):
        choices = list(dict.fromkeys(choice for shape in distinct for choice in shape["enum"]))
        return {"description": first["description"], "enum": choices}
    branches = [branch for shape in distinct for branch in shape.get("anyOf", [shape])]
    unique = [branch for at, branch in enumerate(branches) if branch not in branches[:at]]
    return {"description": first["description"], "anyOf": unique}


def _write_route(properties: dict[str, Schema]) -> None:
    """A list of one may be written as that one, and a list of tags stands for `add`."""
    for name in ("from", "match"):
        option = properties[name]
        kept: Schema = {key: option.pop(key) for key in ("description", "default") if key in option}
        properties[name] = {**kept, "anyOf": [option["items"], option]}
    properties["match"]["default"] = ["email"]
    properties["lead"].pop("default")
    tags = properties["tags"]
    properties["tags"] = {
        "description": tags["description"],
        "anyOf": [_ref("TagMapping"), {"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }


def _as_written(schema: Any) -> Any:
    """`schema` without generated titles, and with `${NAME}` allowed where it would refuse that text."""
    if isinstance(schema, list):
        return [_as_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("type"), list):
        return {"$ref": "#/$defs/Template"} | {key: schema[key] for key in ("description",) if key in schema}
    written: Schema = {}
    for key, value in schema.items():
        if key in {"properties", "patternProperties"}:
            written[key] = {name: _as_written(option) for name, option in value.items()}
        elif key in {"anyOf", "oneOf"}:
            written["anyOf"] = _alternatives(value)
        elif key in {"default", "const", "enum", "required", "discriminator", "title"}:
            written |= {key: value} if key not in {"discriminator", "title"} else {}
        else:
            written[key] = _as_written(value)
    if _refuses_text(written):
        outside: Schema = {key: written.pop(key) for key in ("description", "default") if key in written}
        return {**outside, "anyOf": [written, _ref("Variable")]}
    return written


def _alternatives(branches: list[Schema]) -> list[Schema]:
    if {"type": "null"} in branches and len(branches) == 2 and isinstance(branches[0].get("type"), list):
        branches = branches[:1]  # a template may be nothing
    if any(branch.get("type") == "string" and branch.keys() <= _PLAIN_STRING for branch in branches):
        return [branch if _refuses_text(branch) else _as_written(branch) for branch in branches]
    flat: list[Schema] = []
    for branch in branches:
        written = _as_written(branch)
        flat += written["anyOf"] if written.keys() == {"anyOf"} else [written]
    return [branch for index, branch in enumerate(flat) if branch not in flat[:index]]


def _refuses_text(schema: Schema) -> bool:
    match schema.get("type"):
        case "integer" | "number" | "boolean":
            return True
        case "string":
            return "pattern" in schema
        case _:
            return False


def _shapes(schema: Schema, top: Schema, data: Json) -> Iterator[Schema]:
    """The object and list shapes behind `$ref` and `anyOf` that do not contradict `data`."""
    if "$ref" in schema:
        yield from _shapes(top["$defs"][schema["$ref"].rpartition("/")[2]], top, data)
        return
    for branch in schema.get("anyOf", ()):
        yield from _shapes(branch, top, data)
    if schema.get("type") == "object" and not _contradicts(schema, data):
        yield schema
    if schema.get("type") == "array" and isinstance(data, list):
        yield schema


def _contradicts(shape: Schema, data: Json) -> bool:
    if not isinstance(data, Mapping):
        return False
    required = shape.get("required", ())
    return any(data[name] != value if name in data else name in required for name, value in _fixed(shape).items())


def _named_by(shape: Schema, data: Json) -> bool:
    """Whether `data` says by name that it is this shape."""
    return isinstance(data, Mapping) and any(name in data for name in _fixed(shape))


def _fixed(shape: Schema) -> dict[str, Json]:
    return {name: option["const"] for name, option in shape.get("properties", {}).items() if "const" in option}


def _inner(shape: Schema, step: str | int) -> Iterator[Schema]:
    if isinstance(step, int):
        found = shape.get("items")
    else:
        members = shape.get("patternProperties", {}).values()
        found = shape.get("properties", {}).get(step) or next(iter(members), shape.get("additionalProperties"))
    if isinstance(found, dict):
        yield found


def _has(data: Json, step: str | int) -> bool:
    return step in data if isinstance(data, Mapping) else isinstance(data, list) and isinstance(step, int)
