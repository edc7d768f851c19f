"""A full name reaches a LeadConnector contact in its parts, and no word of it is lost in silence."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.adapter import Call, Done
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.outcome import Delivered
from leadbridge.plan import Plan
from tests.crm.plans import answer
from tests.mapping.mapping_of import planned

LEADCONNECTOR = example_adapter(CRMS["leadconnector"])
EMAIL = "rosa@example.test"
ENCLOSED = ("{}", "({})", "[{}]", '"{}"', "“{}”", "'{}'", "「{}」", "（{}）")
WORDS = (
    "Ann Annie Lee Mary Jane van der Berg Dr. Jr. PhD née and O'Neil J. García López José 李伟 김민준 Пётр Petrovich "
    "x Smith-Jones Lee, MD"
)
WORD = st.sampled_from(WORDS.split())
PIECE = st.tuples(st.sampled_from(ENCLOSED), st.lists(WORD, min_size=1, max_size=2)).map(
    lambda piece: piece[0].format(" ".join(piece[1]))
)
NAME = st.lists(PIECE, min_size=1, max_size=6).map(" ".join)


def delivered(lead: dict[str, str], name: str, region: str | None = "US") -> tuple[dict[str, Any], Delivered]:
    """The body that the upsert sends for a form with this name, and what comes of it."""
    mapping = {"email": EMAIL, **lead}
    options = {"to": "dallas", "lead": mapping, "upsert": "contact"}
    plan = Plan.model_validate(planned(options, {"name": name}, region=region).plan.model_dump(exclude_unset=True))
    call = LEADCONNECTOR.next(plan, {})
    assert isinstance(call, Call)
    done = LEADCONNECTOR.next(plan, {"upsert contact": answer(200, {"contact": {"id": "c1", **call.body}})})
    assert isinstance(done, Done)
    assert isinstance(done.outcome, Delivered)
    body = {key: value for key, value in call.body.items() if key in ("firstName", "lastName", "name")}
    return body, done.outcome


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Mary Jane Watson", "Mary Jane", "Watson"),
        ("Ann (Annie) Lee", "Ann (Annie)", "Lee"),
        ('Ann "Annie" Lee', 'Ann "Annie"', "Lee"),
        ("Li Wei (李伟)", "Li (李伟)", "Wei"),
        ("Watson, Mary Jane", "Mary Jane", "Watson"),
    ],
)
def test_a_name_is_sent_whole_in_two_parts_without_a_warning(name: str, first: str, last: str) -> None:
    body, outcome = delivered({"name": "{{ fields.name }}"}, name)
    assert body == {"firstName": first, "lastName": last}
    assert outcome.warnings == ()


@given(name=NAME, region=st.sampled_from(["US", "MX", "CN", None]))
def test_properties_every_word_of_a_name_is_sent_or_named_in_a_warning(name: str, region: str | None) -> None:
    body, outcome = delivered({"name": "{{ fields.name }}"}, name, region)
    told = " ".join(str(value) for value in [*body.values(), *(warning.sent for warning in outcome.warnings)])
    for word in re.findall(r"""[^\s()\[\]"'“”「」（）,]+""", name):
        unspaced = unicodedata.name(word[0]).startswith(("HANGUL", "CJK"))
        assert word in told or (unspaced and set(word) <= set(told)), (word, told)


@given(name=NAME, other=NAME)
def test_properties_a_name_beside_mapped_parts_loses_no_word_in_silence(name: str, other: str) -> None:
    body, outcome = delivered({"name": "{{ fields.name }}", "first_name": other, "last_name": "Quux"}, name)
    told = " ".join(str(value) for value in [*body.values(), *(warning.sent for warning in outcome.warnings)])
    for word in re.findall(r"""[^\s()\[\]"'“”「」（）,]+""", name):
        assert word.casefold() in told.casefold()
