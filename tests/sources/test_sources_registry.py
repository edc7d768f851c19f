"""Presets that other packages bring, and the values that presets are made of."""

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from leadbridge.plugins import with_installed
from leadbridge.sources import typeform
from leadbridge.sources.places import at
from leadbridge.sources.preset import Ignore, Preset
from leadbridge.sources.registry import BUILT_IN, GROUP, PRESETS
from leadbridge.sources.samples import samples_in
from tests.support.walked import walked

ACME = Preset(name="acme", title="Acme", description="Acme's forms.", shape=typeform.PRESET.shape)


def test_ours_are_there_by_name() -> None:
    assert {preset.name for preset in BUILT_IN} <= set(PRESETS)
    assert PRESETS["typeform"] is typeform.PRESET


def test_another_package_adds_one_by_an_entry_point() -> None:
    point = EntryPoint(name="acme", value=f"{__name__}:ACME", group=GROUP)
    found = with_installed(PRESETS, [point], kind=Preset)
    assert found["acme"] is ACME
    assert len(found) == len(PRESETS) + 1


@walked(
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


@walked(
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
