"""Every configuration of the corpus says exactly what its top says, and the shipped ones can be used."""

import re
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from leadbridge.settings.loading import load
from leadbridge.settings.problem import ConfigProblems, Problem
from tests.settings.corpus import ENVIRON, PLANTED, Case, cases

CONFIG = Path(__file__).parents[2] / "config"


def told(problems: Sequence[Problem], path: Path) -> list[str]:
    return [str(problem).removeprefix(f"{path}:") for problem in problems]


@pytest.mark.parametrize("case", cases("invalid"), ids=str)
def test_an_invalid_configuration_tells_every_problem_at_its_place(case: Case) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(case.path, ENVIRON)
    assert told(caught.value.problems, case.path) == case.said("expect")
    assert told(caught.value.warnings, case.path) == case.said("warn")
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("case", cases("invalid"), ids=str)
def test_no_problem_and_no_traceback_prints_a_secret(case: Case) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(case.path, ENVIRON)
    said = [*map(str, caught.value.warnings), *map(repr, caught.value.problems)]
    said += traceback.format_exception(caught.value)
    assert not [line for line in said if PLANTED in line or ENVIRON["SIGNING_KEY"] in line]


@pytest.mark.parametrize("case", cases("valid"), ids=str)
def test_a_valid_configuration_loads_with_exactly_its_warnings(case: Case) -> None:
    loaded = load(case.path, ENVIRON)
    assert told(loaded.warnings, case.path) == case.said("warn")
    assert PLANTED not in f"{loaded!r}{loaded.settings!r}{loaded.settings.model_dump_json()}"


def test_the_corpus_is_not_thinned_out() -> None:
    assert len(cases("invalid")) >= 30
    assert len(cases("valid")) >= 6
    assert all(case.said("expect") for case in cases("invalid"))
    assert not any(case.said("expect") for case in cases("valid"))


@pytest.mark.parametrize("path", sorted(CONFIG.glob("**/*.yaml")), ids=lambda path: str(path.relative_to(CONFIG)))
def test_every_shipped_configuration_loads(path: Path) -> None:
    names = re.findall(r"\$\{(\w+)\}", path.read_text("utf-8"))
    environ = {name: "ops@example.com" if re.search("MAIL|USER", name) else "whsec_cGxhbnRlZA==" for name in names}
    assert load(path, environ).settings.sources


def test_the_minimal_configuration_has_nothing_to_warn_about() -> None:
    loaded = load(CONFIG / "minimal.yaml", {"WEBSITE_TOKEN": "a-token", "COPPER_TOKEN": "a-key"})
    assert loaded.warnings == ()
    assert [route.name for route in loaded.settings.routes] == ["website to copper"]
