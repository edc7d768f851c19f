"""Every value is described, typed and used; wrong ones are refused in words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chart.reference import CHART, Value, schema_of, values
from tests.chart.rendering import HERE, VALUES, given, helm, rendered
from tests.support.walked import walked

ALL = {value.name: value for value in values()}
WRONG = sorted((HERE / "wrong").glob("*.yaml"))


def scalars(data: Any) -> Iterator[str]:
    """Every text, number and key within `data`, as text."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from (key, *scalars(value))
    elif isinstance(data, list):
        for item in data:
            yield from scalars(item)
    elif data is not None:
        yield str(data)


def set_in(name: str, value: Value) -> Any:
    """What a values file says of a value; None when it says nothing."""
    data = given(name)
    for step in value.path:
        data = data.get(step, {}) if isinstance(data, dict) else {}
    return None if data == {} else data


@pytest.mark.parametrize("value", ALL.values(), ids=ALL)
def test_a_value_shows_in_what_is_rendered(value: Value) -> None:
    """Made wrong by a new value? Set it in one of tests/chart/values, to something that is nowhere else."""
    tried = [name for name in VALUES if set_in(name, value) not in (None, value.default)]
    assert tried, f"no file of tests/chart/values sets {value.name}"
    if isinstance(value.default, bool):  # what it makes, or does not, is in test_chart_rendered.py
        return
    for name in tried:
        shown = set(scalars(list(rendered(name))))
        hidden = [one for one in scalars(set_in(name, value)) if not any(one in text for text in shown)]
        # A label of the chart's own cannot be replaced.
        assert set(hidden) - {"cannot-be-replaced"} == set(), f"{value.name} in {name}.yaml"


@walked("value", ALL.values(), ids=ALL)
def test_a_value_says_what_it_is_for(value: Value) -> None:
    assert value.about.endswith("."), f"write a comment above {value.name} in helm/values.yaml"


def test_the_schema_knows_the_values_and_no_others() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    assert {name for name in named(schema) if name in ALL or name != "global"} >= set(ALL)
    for value in ALL.values():
        assert schema_of(value.path)
    assert {name.partition(".")[0] for name in ALL} == set(schema["properties"]) - {"global"}


def named(schema: Any, path: str = "") -> Iterator[str]:
    """Every name of a schema, as `--set` has it."""
    for name, one in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from named(one, f"{path}{name}.")


@walked("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_value_is_refused_in_words(path: Path) -> None:
    expected = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
    done = helm("template", "leads", CHART, "--values", VALUES["sqlite"], "--values", path)
    assert done.returncode == 1
    assert expected in done.stderr
    assert "s3cret-word" not in done.stderr
