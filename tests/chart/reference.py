"""The chart's values as its README shows them: names, what they may be, defaults and what they are for."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).parents[2] / "helm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value that a user may set."""

    path: tuple[str, ...]
    default: Any
    about: str  # the comment above it

    @property
    def name(self) -> str:
        """As `--set` has it."""
        return ".".join(self.path)


def values() -> Iterator[Value]:
    """The values of values.yaml in its order. What is written over several lines is a group, all else a value."""
    text = (CHART / "values.yaml").read_text("utf-8")
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    yield from _values(root, (), text.splitlines())


def _values(node: yaml.MappingNode, path: tuple[str, ...], lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        here = (*path, key.value)
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            yield from _values(value, here, lines)
        else:
            yield Value(path=here, default=_constructed(value), about=_above(lines, key.start_mark.line))


def _constructed(node: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(node))


def _above(lines: list[str], line: int) -> str:
    comment: list[str] = []
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        comment.insert(0, lines[line].strip(" #"))
    return " ".join(comment)


def schema_of(path: tuple[str, ...]) -> Mapping[str, Any]:
    """What values.schema.json says of a value; raises `KeyError` when it says nothing."""
    schema: Mapping[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    for step in path:
        schema = schema["properties"][step]
    return schema


def table() -> str:
    """The table of the chart's README."""
    rows = ["| value | what it may be | default | what it is for |", "|---|---|---|---|"]
    for value in values():
        allowed = _allowed(schema_of(value.path))
        rows.append(f"| `{value.name}` | {allowed} | `{json.dumps(value.default)}` | {value.about} |")
    return "\n".join(rows)


def _allowed(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    kind = schema["type"]
    kinds = [kind] if isinstance(kind, str) else kind
    if "minimum" in schema:
        most = schema.get("maximum")
        return f"{schema['minimum']} to {most}" if most is not None else f"{schema['minimum']} or more"
    words = {"string": "text", "array": "a list", "object": "a map", "boolean": "true or false"}
    return " or ".join(words[kind] for kind in kinds)
