"""Ids say when they were made, as partitions and pruning have it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.ids import first_id, new_id, new_span_id, new_trace_id, time_of
from tests.store.pruning import id_of

MILLIS = st.integers(0, 2**48 - 1)


@given(at=MILLIS, bound=MILLIS)
def test_an_id_is_not_less_than_the_first_one_of_a_time_if_it_is_not_older(at: int, bound: int) -> None:
    assert (id_of(at) >= first_id(bound)) is (at >= bound)
    assert time_of(id_of(at)) == at


def test_our_own_ids_and_trace_ids_say_when_they_were_made() -> None:
    times = [time_of(new_id()), time_of(new_trace_id()), time_of(new_id().upper())]
    assert None not in times
    assert times[0] is not None
    assert first_id(times[0]) <= new_id()


def test_a_span_id_is_16_digits_and_never_the_same() -> None:
    made = {new_span_id() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {len(one) for one in made} == {16}
    assert all(int(one, 16) for one in made)


@pytest.mark.parametrize(
    "other", ["", "a1b2", "0af7651916cd43dd8448eb211c80319c", "01a20303-87b3-45ab-910a-4122e27529b3"]
)
def test_of_what_is_not_ours_nobody_knows(other: str) -> None:
    assert time_of(other) is None
