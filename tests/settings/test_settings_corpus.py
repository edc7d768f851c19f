"""Every configuration of the corpus says exactly what its top says, and the shipped ones can be used."""

import re
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from leadbridge.settings.loading import load
from leadbridge.settings.problem import ConfigProblems, Problem
from tests.settings.corpus import ENVIRON, PLANTED, Case, cases
from tests.settings.messages import MODULES, sentences
from tests.support.walked import walked

CONFIG = Path(__file__).parents[2] / "config"
SAYS_IT_ITSELF = re.compile(r"(: |, so )(copy|write|put|say|without)\b")
SAID_ELSEWHERE = {  # by what no file of the corpus can bring, each with the reason
    "environment variable `.*` is not UTF-8 text": "the environment's bytes: test_settings_environment",
    "set it again, in a UTF-8 locale": "the same",
    "cannot read .*: .*": "no file: test_settings_loading",
    "the file is longer than .* characters": "a megabyte: test_settings_positions",
    "is it the right file?": "the same",
    "less than .*": "options of other packages: test_settings_explain",
    "at most .* items": "the same",
    "this is not YAML that can be read": "for what a later version of the YAML reader may say",
    "check the indentation, quotes and brackets here": "the same",
    "knows no write rules: every value is written as it comes": "other packages' CRMs: test_settings_write",
    "has no notes that leadbridge could write": "the same",
    "too deep": "a name inside the code",
    "found character 't'": "the YAML reader's words",
}


def told(problems: Sequence[Problem], path: Path) -> list[str]:
    return [str(problem).removeprefix(f"{path}:") for problem in problems]


@cache
def refused(case: Case) -> ConfigProblems:
    with pytest.raises(ConfigProblems) as caught:
        load(case.path, ENVIRON)
    return caught.value


@walked("case", cases("invalid"), ids=str)
def test_an_invalid_configuration_tells_every_problem_at_its_place(case: Case) -> None:
    problems = refused(case)
    assert told(problems.problems, case.path) == case.said("expect")
    assert told(problems.warnings, case.path) == case.said("warn")
    assert str(problems).splitlines() == [str(problem) for problem in problems.problems]


@walked("case", cases("invalid"), ids=str)
def test_no_problem_and_no_traceback_prints_a_secret(case: Case) -> None:
    problems = refused(case)
    said = [*map(str, problems.warnings), *map(repr, problems.problems)]
    said += traceback.format_exception(problems)
    assert not [line for line in said if PLANTED in line or ENVIRON["SIGNING_KEY"] in line]


@walked("case", cases("valid"), ids=str)
def test_a_valid_configuration_loads_with_exactly_its_warnings(case: Case) -> None:
    loaded = load(case.path, ENVIRON)
    assert told(loaded.warnings, case.path) == case.said("warn")
    assert PLANTED not in f"{loaded!r}{loaded.settings!r}{loaded.settings.model_dump_json()}"


def test_the_corpus_is_not_thinned_out() -> None:
    assert len(cases("invalid")) >= 120
    assert len(cases("valid")) >= 20
    assert all(case.said("expect") for case in cases("invalid"))
    assert not any(case.said("expect") for case in cases("valid"))


def test_every_configuration_says_first_what_it_is_about_and_none_is_there_twice() -> None:
    every = [*cases("invalid"), *cases("valid")]
    titles = [case.text.splitlines()[0] for case in every]
    assert [title for title in titles if not re.fullmatch(r"# (?!expect:|warn:).+\.", title)] == []
    assert len(set(titles)) == len(every)


def test_every_problem_says_what_to_do() -> None:
    told = [one for folder in ("invalid", "valid") for case in cases(folder) for one in case.problems()]
    assert {str(one) for one in told if not one.hint and not SAYS_IT_ITSELF.search(one.problem)} == set()


def test_everything_that_can_be_said_is_said_of_a_configuration_of_the_corpus() -> None:
    """Made wrong by a new message? Add a configuration to `invalid/` (or `valid/`, for a warning) that brings it."""
    told = [one for folder in ("invalid", "valid") for case in cases(folder) for one in case.problems()]
    words = "\n".join(f"{one.problem}\n{one.hint}\n{one.problem}; {one.hint}" for one in told)
    never = {sentence for module in MODULES for sentence in sentences(module) if not re.search(sentence, words)}
    assert {sentence.replace("\\", "") for sentence in never} == set(SAID_ELSEWHERE)


@walked("path", sorted(CONFIG.glob("**/*.yaml")), ids=lambda path: str(path.relative_to(CONFIG)))
def test_every_shipped_configuration_loads(path: Path) -> None:
    names = re.findall(r"\$\{(\w+)\}", path.read_text("utf-8"))
    environ = {name: "ops@example.com" if re.search("MAIL|USER", name) else "whsec_cGxhbnRlZA==" for name in names}
    assert load(path, environ).settings.sources


def test_the_minimal_configuration_has_nothing_to_warn_about() -> None:
    loaded = load(CONFIG / "minimal.yaml", {"WEBSITE_TOKEN": "a-token", "COPPER_TOKEN": "a-key"})
    assert loaded.warnings == ()
    assert [route.name for route in loaded.settings.routes] == ["website to copper"]
