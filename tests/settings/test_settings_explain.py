"""Errors of models that other packages bring are told in plain words as well."""

from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from leadbridge.settings.explain import explain
from leadbridge.settings.positions import read_document
from tests.support.walked import walked


class Quota(BaseModel):
    """What a CRM of another package may ask for."""

    limit: Annotated[int, Field(multiple_of=5)] = 5
    share: Annotated[float, Field(gt=0)] | None = None
    days: tuple[int, int] | None = None
    hours: Annotated[list[int], Field(max_length=2)] = []
    part: Annotated[float, Field(lt=1)] = 0.5


def told(text: str) -> list[str]:
    document = read_document(text, file="f")
    with pytest.raises(ValidationError) as caught:
        Quota.model_validate(document.data)
    return [str(one) for one in explain(caught.value, document, data=document.data, schema={}, told=())]


@walked(
    ("text", "said"),
    [
        ("limit: 7", "f:1:8: limit: must be a multiple of 5"),
        ("share: 0", "f:1:8: share: must be more than 0"),
        ("share: much", "f:1:8: share: must be a number"),
        ("days: [1, x]", "f:1:11: days[1]: must be a whole number"),
        ("hours: [1, 2, 3]", "f:1:8: hours: must be at most 2 items"),
        ("part: 1", "f:1:7: part: must be less than 1"),
        ("limit:", "f:1:7: limit: has no value; it must be a whole number"),
    ],
)
def test_a_rarer_error_says_what_must_be_there(text: str, said: str) -> None:
    assert told(text) == [said]


def test_what_follows_from_a_problem_that_is_told_already_is_left_out() -> None:
    document = read_document("limit: 7\nshare: 0\n", file="f")
    with pytest.raises(ValidationError) as caught:
        Quota.model_validate(document.data)
    found = explain(caught.value, document, data=document.data, schema={}, told=[("limit",)])
    assert [one.path for one in found] == ["share"]
