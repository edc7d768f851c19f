"""docs/metrics.md: its alerts ask for what there is, by labels and values that there are."""

import re
from typing import Any, get_args

import yaml

from leadbridge.commands.states import State
from leadbridge.metrics.families import FAMILIES
from leadbridge.outcome import HoldReason
from leadbridge.sources.fetching import TroubleKind
from tests.docs.pages import codes, fences
from tests.generated import ROOT
from tests.support.walked import walked

PAGE = ROOT / "docs" / "metrics.md"
BY_NAME = {family.name: family for family in FAMILIES}
VALUES = {
    "state": {*State, "configured", "owned"},
    "reason": {*get_args(HoldReason), *get_args(TroubleKind)},
    "status": {"429", *(str(status) for status in range(200, 600))},
}


def rules() -> list[Any]:
    (alerts,) = (fence for fence in fences(PAGE, "yaml") if fence.body.startswith("groups:"))
    return [rule for group in yaml.safe_load(alerts.body)["groups"] for rule in group["rules"]]


@walked("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_numbers_that_there_are(rule: Any) -> None:
    asked = re.findall(r"(leadbridge_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert asked
    for name, labels in asked:
        family = BY_NAME[name.removesuffix("_bucket")]
        assert name.endswith("_bucket") == (family.kind == "histogram"), name
        assert ("rate(" in rule["expr"] or "increase(" in rule["expr"]) == (family.kind != "gauge") or "or" in rule[
            "expr"
        ]
        for label, value in re.findall(r'(\w+)(?:=|!=|=~)"([^"]*)"', labels):
            assert label in family.labels, f"{name} has no label {label}"
            for one in value.split("|"):
                assert any(re.fullmatch(one, known) for known in VALUES[label]), f"{label} is never {one}"
    said = re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
    kept = {label for found in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in found.split(", ")}
    assert set(said) <= kept


def test_whoever_must_mend_a_fetch_is_woken() -> None:
    """All that pauses a source until a person does something; a quota and a vendor that is down end by themselves."""
    (rule,) = (rule for rule in rules() if rule["alert"] == "NothingIsFetched")
    (reasons,) = re.findall(r'reason=~"([^"]*)"', rule["expr"])
    assert set(reasons.split("|")) == set(get_args(TroubleKind)) - {"quota", "down", "missing"}


def test_the_page_names_no_number_that_is_not_there() -> None:
    named = {code for code in codes(PAGE) if re.fullmatch(r"leadbridge_\w+", code)}
    assert named == set(BY_NAME)
    assert any(code.startswith("process_") for code in codes(PAGE))
