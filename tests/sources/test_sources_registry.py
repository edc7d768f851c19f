"""Presets that other packages bring, and the values that presets are made of."""

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from leadbridge.errors import ConfigError
from leadbridge.sources import typeform
from leadbridge.sources.preset import Ignore, Preset, at
from leadbridge.sources.registry import BUILT_IN, GROUP, PRESETS, presets
from leadbridge.sources.samples import samples_in

ACME = Preset(name="acme", title="Acme", description="Acme's forms.", shape=typeform.PRESET.shape)
NOT_A_PRESET = {"name": "acme"}


def plugin(attribute: str, *, module: str = __name__, name: str = "acme") -> EntryPoint:
    return EntryPoint(name=name, value=f"{module}:{attribute}", group=GROUP)


def test_ours_are_there_by_name() -> None:
    assert {preset.name for preset in BUILT_IN} <= set(PRESETS)
    assert PRESETS["typeform"] is typeform.PRESET


def test_another_package_adds_one_by_an_entry_point() -> None:
    found = presets([plugin("ACME")])
    assert found["acme"] is ACME
    assert len(found) == len(BUILT_IN) + 1


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ([plugin("MISSING")], "it cannot be loaded"),
        ([plugin("ACME", module="no_such_package_anywhere")], "it cannot be loaded"),
        ([plugin("NOT_A_PRESET")], "it must name a leadbridge.sources.preset.Preset"),
        ([plugin("ACME"), plugin("ACME", name="again")], "there is a preset `acme` already"),
        ([plugin("PRESET", module="leadbridge.sources.typeform")], "there is a preset `typeform` already"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named(plugins: list[EntryPoint], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        presets(plugins)
    assert plugins[-1].value in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", {"b": [10, {"c": None}]}),
        ("a.b.0", 10),
        ("a.b.1.c", None),
        ("a.b.2", None),
        ("a.b.-1", None),
        ("a.b.x", None),
        ("a.b.²", None),
        ("a.b.0.c", None),
        ("z", None),
        ("", None),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path: str, value: Any) -> None:
    assert at({"a": {"b": [10, {"c": None}]}}, path) == value


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"type": "ping"}, "a ping is no lead"),
        ({"type": "lead"}, None),
        ({"type": ["ping"]}, None),
        ({}, None),
        ([], None),
        ("ping", None),
    ],
)
def test_a_rule_ignores_the_values_that_it_names(document: Any, reason: str | None) -> None:
    assert Ignore(path="type", values=("ping",), reason="a {value} is no lead").why(document) == reason


def test_a_rule_may_ignore_all_but_the_values_that_it_names() -> None:
    rule = Ignore(path="type", unless=("lead",), reason="{value} is no lead")
    assert rule.why({"type": "lead"}) is None
    assert rule.why({"type": "x" * 500}) == "x" * 100 + " is no lead"
    assert rule.why({"type": "{reason}"}) == "{reason} is no lead"


def test_a_folder_without_samples_has_none(tmp_path: Path) -> None:
    assert samples_in(tmp_path) == ()
