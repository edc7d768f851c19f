"""Recognition of forms as form builders post them, in whatever shape, to the preset `generic`."""

import phonenumbers
import pytest

from leadbridge.lead import LEAD_KEYS
from tests.recognise.corpus import POSTED, POSTED_HELD_OUT, Case, cases_in, recognised
from tests.recognise.scoring import score
from tests.recognise.test_recognise_corpus import short_of
from tests.support.walked import walked

DEVELOP = cases_in(POSTED)
ASIDE = cases_in(POSTED_HELD_OUT)
PERSONAL = ("email", "phone", "name", "first_name", "middle_name", "last_name")
ALL = [
    pytest.param(case, id=f"{part}-{case.id}")
    for part, cases in (("known", DEVELOP), ("aside", ASIDE))
    for case in cases
]


def test_the_posted_forms_that_the_rules_were_written_with_are_read() -> None:
    figures = score(DEVELOP, recognised)
    assert not short_of(figures), "\n".join([str(figures), *map(str, figures.failed)])


def test_posted_forms_that_no_rule_was_written_for_reach_their_person() -> None:
    """Of other keys (messages, consents, job titles) fewer are right: see the figures in docs/recognising.md."""
    figures = score(ASIDE, recognised)
    short = [each for each in short_of(figures) if each != "cases wholly right"]
    assert not short, str(figures)  # the figures alone: a rule made for one of these cases would spoil them
    assert figures.reachable >= 0.9, str(figures)


@walked("case", DEVELOP, ids=lambda case: case.id)
def test_what_is_the_forms_or_somebody_elses_is_not_taken_for_the_submitters(case: Case) -> None:
    lead = recognised(case).lead
    assert {key: lead[key] for key in PERSONAL if key in lead and lead[key] in case.never} == {}


@walked("case", ALL)
def test_nothing_of_a_posted_form_is_lost(case: Case) -> None:
    """Each field is used, or kept for the record, or says what one that is kept says."""
    result = recognised(case)
    used = {finding.field for finding in result.used} | {*case.event.second_names}
    filled = {name for name, value in case.fields.items() if value not in ("", None, [])}
    assert used | result.other.keys() >= filled


@walked("case", ALL)
def test_the_truth_of_a_posted_form_is_one_that_a_lead_can_say(case: Case) -> None:
    assert case.truth.keys() - {"spam"} <= set(LEAD_KEYS)
    phones = case.truth.get("phone", [])
    for text in phones if isinstance(phones, list) else [phones]:
        number = phonenumbers.parse(text)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == text


def test_there_are_enough_posted_forms() -> None:
    assert len(DEVELOP) >= 80
    assert len({case.language for case in DEVELOP}) >= 20
    assert not {case.id for case in DEVELOP} & {case.id for case in ASIDE}
