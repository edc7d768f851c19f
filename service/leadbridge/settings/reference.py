"""The configuration's reference for people, from the same schema that editors use."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leadbridge.crm.registry import CRMS
from leadbridge.expressions import FILTERS
from leadbridge.plan import LONGEST_NOTE
from leadbridge.settings.schema import Schema, json_schema
from leadbridge.sources.registry import PRESETS

_INTRODUCTION: Final = """\
# Configuration

One YAML file says everything. `leadbridge check FILE` lists every problem in it as `file:line:column: option: problem`,
all at once. Editors complete and check it by its schema: begin the file with
`# yaml-language-server: $schema=./schema.json`.

* `${NAME}` anywhere in a text is taken from the environment. A variable that is unset or empty is a problem. What the
  environment says is text: it is not read as YAML nor as an expression. `$${` is a literal `${`.
* Plain values are read as JSON reads them. `yes`, `012`, `1_000` and `2024-01-01` are text;
  an option that is true or false takes `yes`, `no`, `on` and `off` as well.
* A text that is exactly one `{{ expression }}` keeps the value's type, other texts with `{{ }}` give text, and a text
  without is a constant. Expressions see `fields`, `meta`, `raw` and `source`. Put them in quotes.
* A route with `recognise: true` reads [forms that nobody mapped](recognising.md).

Options in **bold** must be given.
"""
_WRITE_RULES: Final = """\
## Write rules

A route's `write` says when a value is written. A rule for `name` holds for its parts too, one for `email` for `emails`.

| rule | the value is written |
|---|---|
| `always` | whatever stands there; of a list, nothing else stays; usual for what there is one of |
| `merge` | beside what stands there; usual for tags, and for the other lists: {lists} |
| `if_empty` | where nothing stands |
| `on_create` | to a record that is new |
| `never` | not at all: it is there to find the record by |

Whatever the rule, an older submission takes nothing back that a newer one wrote. A rule that depends on the record
costs a second call only when something is to be written.

`note: true` adds a note with the message, every field, the page and the time, up to {longest:,} characters. Each
submission adds its note once, whatever is repeated. Submissions with a note are not sent together as one call.
"""
_WORDS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "options by name",
}


def reference() -> str:
    """Every option with what it takes, its default and what it is for, as Markdown."""
    schema = json_schema()
    sections = _sections("", [schema], schema["$defs"], printed=set())
    parts = [_INTRODUCTION, *sections, _write_rules(), _presets(), _filters()]
    return "\n".join(parts)


def _sections(
    path: str, shapes: Sequence[Schema], definitions: Mapping[str, Schema], *, printed: set[str]
) -> Iterator[str]:
    """The shapes that may stand at `path`, then those of the options within them."""
    for shape in shapes:
        yield _section(_heading(path, shape, shapes), shape, definitions)
    for shape in shapes:
        for name, option in shape.get("properties", {}).items():
            inner = f"{path}.{name}" if path else name
            for suffix, names in _nested(option):
                fresh = [one for one in names if one not in printed]
                printed.update(fresh)
                found = [definitions[one] for one in fresh]
                members = [shape for one in found for shape in _members(one, definitions)]
                if members:
                    yield from _sections(inner + suffix, members, definitions, printed=printed)


def _members(definition: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """The object shapes that a definition stands for."""
    if "properties" in definition:
        yield definition
    for branch in definition.get("anyOf", ()):
        if "$ref" in branch:
            yield from _members(definitions[_name(branch)], definitions)


def _nested(option: Schema) -> Iterator[tuple[str, list[str]]]:
    """The definitions within an option, with what their place is called: a member by NAME, a list's item by []."""
    direct = [_name(one) for one in [option, *option.get("anyOf", ())] if "$ref" in one]
    if direct:
        yield "", direct
    for member in option.get("patternProperties", {}).values():
        yield ".NAME", [_name(member)]
    if "$ref" in option.get("items", {}):
        yield "[]", [_name(option["items"])]


def _heading(path: str, shape: Schema, shapes: Sequence[Schema]) -> str:
    """The place; where several shapes may stand there, also what tells this one."""
    if not path:
        return "## The file"
    if len(shapes) == 1:
        return f"## `{path}`"
    fixed = [f"`{name}: {option['const']}`" for name, option in shape["properties"].items() if "const" in option]
    told_by = fixed or [f"`{name}`" for name in shape.get("required", ())]
    return f"## `{path}` with {', '.join(told_by)}" if told_by else f"## `{path}` with none of these"


def _section(heading: str, shape: Schema, definitions: Mapping[str, Schema]) -> str:
    lines = [heading, ""]
    if heading != "## The file":
        lines += [shape.get("description", ""), ""]
    lines += ["| option | takes | default | what it is for |", "|---|---|---|---|"]
    required = shape.get("required", ())
    for name, option in shape["properties"].items():
        shown = f"**`{name}`**" if name in required else f"`{name}`"
        said = option.get("description") or definitions[_name(option)]["description"]
        cells = [shown, _takes(option, definitions), _default(option), said]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _takes(option: Schema, definitions: Mapping[str, Schema]) -> str:
    """What an option takes, in words."""
    if "$ref" in option:
        definition = definitions[_name(option)]
        if _name(option) == "Template":
            return "template"
        return "options" if "properties" in definition or "anyOf" in definition else _takes(definition, definitions)
    if "anyOf" in option:
        branches = [one for one in option["anyOf"] if one != {"$ref": "#/$defs/Variable"}]
        words = dict.fromkeys(_takes(one, definitions) for one in branches if one.get("type") != "null")
        return " or ".join(words)
    if "const" in option or "enum" in option:
        return ", ".join(f"`{_written(one)}`" for one in option.get("enum", [option.get("const")]))
    if option["type"] == "array":
        return f"list of {_takes(option['items'], definitions)}"
    types = option["type"] if isinstance(option["type"], list) else [option["type"]]
    return " or ".join(_WORDS[one] for one in types if one != "null")


def _default(option: Schema) -> str:
    default: Any = option.get("default")
    return "" if default in (None, "", [], {}) else f"`{_written(default)}`"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _write_rules() -> str:
    """The rules, with the lists that stand beside one another in each CRM."""
    lists = []
    for kind in CRMS.values():
        for record in kind.adapter.records:
            keys = kind.adapter.lead_keys_of(record)
            merging = [f"`{key}`" for key in ("emails", "phones", "websites") if keys[key].merges]
            if merging:
                lists.append(f"{', '.join(merging)} of a {kind.title} {record}")
    return _WRITE_RULES.format(lists="; ".join(lists), longest=LONGEST_NOTE)


def _presets() -> str:
    lines = ["## Presets", "", "| preset | sender | verification it brings |", "|---|---|---|"]
    for preset in PRESETS.values():
        brought = (
            f"`{preset.scheme['scheme']}`" if preset.scheme else "none: say `scheme` under `verify`, or `verify: none`"
        )
        fetched = "; fetched where the source has `fetch`" if preset.fetch else ""
        lacks = f" Not in it: {preset.thin}{fetched}." if preset.thin else ""
        lines.append(f"| `{preset.name}` | {preset.title}: {preset.description}{lacks} | {brought} |")
    return "\n".join([*lines, ""])


def _filters() -> str:
    lines = ["## Filters", "", "| filter | does | example |", "|---|---|---|"]
    for name, one in sorted(FILTERS.items()):
        examples = [
            f"`{{{{ {source} }}}}` gives `{json.dumps(result, ensure_ascii=False)}`" for source, result in one.examples
        ]
        cells = [f"`{name}`", one.summary, "<br>".join(examples)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])
