"""A test that walks its cases looks at all of them, and says which of them failed and how."""

import inspect

import pytest

from tests.support.walked import Failed, walked


def test_every_case_that_fails_is_named_with_what_was_wrong_and_none_is_left_out() -> None:
    looked = []

    @walked("number", [1, 2, 3, 4])
    def odd(number: int) -> None:
        looked.append(number)
        assert number % 2, f"{number} is even"

    with pytest.raises(Failed) as failed:
        odd()
    assert looked == [1, 2, 3, 4]
    assert [str(one).splitlines()[0] for one in failed.value.exceptions] == ["[2] 2 is even", "[4] 4 is even"]


def test_a_walk_within_a_walk_names_both_and_what_pytest_itself_fails_with_is_a_failure() -> None:
    @walked(
        ("letter", "refused"), [("a", KeyError), ("b", ValueError)], ids=lambda value: getattr(value, "__name__", value)
    )
    @walked("number", [1, 2])
    def raises(letter: str, refused: type[Exception], number: int) -> None:
        with pytest.raises(refused):
            {1: None}.pop(number)

    with pytest.raises(Failed) as failed:
        raises()
    said = [str(one) for one in failed.value.exceptions]
    assert [one.partition(" ")[0] for one in said] == ["[a-KeyError]", "[b-ValueError]", "[b-ValueError]"]
    assert ["[1]" in one for one in said] == [True, True, False]
    assert ["[2]" in one for one in said] == [False, False, True]


def test_what_is_not_walked_is_asked_of_pytest_and_a_walk_without_cases_fails() -> None:
    @walked("number", [])
    def none(number: int, engine: str) -> None:
        """Nothing."""

    assert list(inspect.signature(none).parameters) == ["engine"]
    with pytest.raises(AssertionError, match="no case"):
        none(engine="sqlite")
