"""Whatever stands in the file, the answer is settings or problems."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadbridge.settings.loading import load_text
from leadbridge.settings.problem import ConfigProblems, Problem
from tests.settings.corpus import ENVIRON, Case, cases
from tests.support.examples import examples

TEXTS = [case.text for folder in ("valid", "invalid") for case in cases(folder)]
PIECES = [
    "version: 1\n", "sources:", "routes:", "destinations:", "\n", "  ", "- ", ": ", "{", "}", "[", "]", "&a ", "*a",
    "!!str ", "|\n", ">-\n", '"', "'", "${TOKEN}", "${", "{{ ", " }}", "? ", "<<: ", "---\n", "...\n", "%YAML 1.2\n",
    "%TAG ! x\n", "#", "\\U0010FFFF", "\\uD800", "\\UFFFFFFFF", "~", "null", "1e400", "9" * 5000, "\t", "\r", "\x85",
    "\u2028", "\ufeff", "😀", "preset: generic", "verify: none", "from: x", "lead:", "quota:", "crm: copper", "tags:",
    "match:", "custom_fields:",
]  # fmt: skip
LINE_ENDS = "\n\r\x85\u2028\u2029"


def answer(text: str) -> None:
    """Load `text`; anything but settings or placed problems is an error of the test."""
    problems: tuple[Problem, ...] = ()
    try:
        warnings = load_text(text, "f.yaml", ENVIRON).warnings
    except ConfigProblems as error:
        problems, warnings = error.problems, error.warnings
        said = str(error)
    else:
        said = "loaded"
    assert said
    lines = 1 + sum(text.count(end) for end in LINE_ENDS)
    assert all(1 <= one.line <= lines + 1 and one.column >= 1 for one in (*problems, *warnings))


@given(st.text(max_size=200))
@example("\ud800")
@example("? " * 500)
@example("[" * 5000)
@example("{a: " * 5000)
@example("- " * 5000)
@example("a: &a [*a, *a]")
@example('a: "{{' * 3000)
@settings(deadline=None, max_examples=examples(50))
def test_any_text(text: str) -> None:
    answer(text)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(deadline=None, max_examples=examples(60))
def test_any_heap_of_yaml(text: str) -> None:
    answer(text)


@given(st.sampled_from(TEXTS), st.data())
@settings(deadline=None, max_examples=examples(40))
def test_any_configuration_with_a_piece_put_in_or_cut_out(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 30)))
    answer(text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "scheme", "secrets", "x"]), inner)
    ),
    max_leaves=6,
)


@given(st.sampled_from(["defaults", "server", "sources", "destinations", "routes"]), VALUES)
@settings(deadline=None, max_examples=examples(50))
def test_any_value_in_any_section(section: str, value: object) -> None:
    answer(f"version: 1\n{section}: {json.dumps(value)}\n")


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value within `data`."""
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, item in items:
        yield from places(item, (*path, step))


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


VALID = [(case, list(places(case.data))) for case in cases("valid")]
OTHER_KINDS: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "none", "off", "{{ fields.x }}", "{{ fields.", "${TOKEN}",
    "${UNSET}", "${BRACES}", [], [[]], [None, 1, "x"], {}, {"x": 1}, {"scheme": "token"}, {"crm": "copper"},
    [{"from": "website"}],
]  # fmt: skip


@given(st.sampled_from(VALID), st.data())
@settings(deadline=None)
def test_any_valid_configuration_with_any_value_replaced_by_one_of_another_kind(
    configuration: tuple[Case, list[tuple[str | int, ...]]], data: st.DataObject
) -> None:
    case, paths = configuration
    changed = {"top": case.data}
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3)):
        *holder, last = "top", *path
        try:
            at(changed, tuple(holder))[last] = data.draw(st.sampled_from(OTHER_KINDS) | VALUES)
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    answer(yaml.safe_dump(changed["top"], allow_unicode=True, sort_keys=False, width=80))


@given(st.sampled_from(VALID), st.data())
@settings(deadline=None)
def test_any_valid_configuration_with_any_option_left_out_or_misspelt(
    configuration: tuple[Case, list[tuple[str | int, ...]]], data: st.DataObject
) -> None:
    case, paths = configuration
    top = case.data
    *holder, last = data.draw(st.sampled_from([path for path in paths if path]))
    found = at(top, tuple(holder))
    value = found.pop(last)
    if isinstance(found, dict) and data.draw(st.booleans()):
        found[data.draw(st.text(max_size=8))] = value
    answer(yaml.safe_dump(top, allow_unicode=True, sort_keys=False, width=80))
