"""Recognition against forms with the truth beside them: those it was made with, and those kept aside."""

from operator import attrgetter

import phonenumbers

from leadbridge.lead import LEAD_KEYS
from leadbridge.recognise import recognise
from tests.recognise.corpus import CASES, HELD_OUT, Case, cases_in, recognised
from tests.recognise.scoring import MEASURED, Score, score
from tests.support.walked import walked

DEVELOP = cases_in(CASES)
ASIDE = cases_in(HELD_OUT)
ALL = (*DEVELOP, *ASIDE)
LANGUAGES = {
    "en", "de", "fr", "es", "pt", "it", "nl",
    "pl", "cs", "sv", "tr", "ru", "uk", "el", "ar", "he", "hi", "zh", "ja", "ko",
}  # fmt: skip


def short_of(figures: Score) -> list[str]:
    """What is below the promise: precision 0.98 and recall 0.95 of each key, 0.9 of the cases wholly right."""
    short = [f"precision of {key}" for key in MEASURED if figures.of(key).precision < 0.98]
    short += [f"recall of {key}" for key in MEASURED if figures.of(key).recall < 0.95]
    return short + (["cases wholly right"] if figures.wholly_right < 0.9 else [])


def test_the_forms_that_the_rules_were_written_with_are_read() -> None:
    figures = score(DEVELOP, recognised)
    assert not short_of(figures), "\n".join([str(figures), *map(str, figures.failed)])


def test_forms_that_no_rule_was_written_for_are_read_as_well() -> None:
    figures = score(ASIDE, recognised)
    assert not short_of(figures), str(figures)  # the figures alone: a rule made for one of these cases would spoil them


@walked("case", ALL, ids=attrgetter("id"))
def test_nothing_of_a_form_is_lost(case: Case) -> None:
    result = recognised(case)
    used = {finding.field for finding in result.used}
    filled = {name: value for name, value in case.fields.items() if value not in ("", None, [])}
    assert used | result.other.keys() >= filled.keys()
    assert all(value == case.fields[name] for name, value in result.other.items())


@walked("case", DEVELOP[::10], ids=attrgetter("id"))
def test_the_same_form_is_read_the_same_way_again(case: Case) -> None:
    assert recognise(case.event, region=case.region) == recognised(case)


def test_there_are_enough_cases_in_all_languages() -> None:
    assert len(DEVELOP) >= 100
    assert len(ASIDE) >= 60
    assert {case.language for case in DEVELOP} >= LANGUAGES
    assert {case.language for case in ASIDE} >= LANGUAGES


def test_no_form_is_in_both_parts() -> None:
    assert not {frozenset(case.fields) for case in DEVELOP} & {frozenset(case.fields) for case in ASIDE}


@walked("case", ALL, ids=attrgetter("id"))
def test_a_truth_is_one_that_a_lead_can_say(case: Case) -> None:
    assert case.truth.keys() - {"spam"} <= set(LEAD_KEYS)
    assert set(case.absent) <= set(LEAD_KEYS)
    assert not case.truth.keys() & set(case.absent)
    assert case.types.keys() <= case.fields.keys()
    if "phone" in case.truth:
        number = phonenumbers.parse(case.truth["phone"])
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == case.truth["phone"]
