"""What every route of a submission asks for again is read once, and is the same whoever asked before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.expressions import Unreadable
from leadbridge.expressions.filters.emails import read_emails
from leadbridge.expressions.filters.names import Name, read_name
from leadbridge.expressions.filters.phones import read_phones

MANY = 300  # more than is remembered


@given(
    text=st.sampled_from(["Ann Lee", "Lee, Ann", "José García López", "김민준", "Иванов Иван", "van der Berg"]),
    regions=st.lists(st.sampled_from([None, "US", "ES", "MX", "CN"]), min_size=2, max_size=6),
)
def test_a_name_is_read_by_its_region_whatever_was_asked_before(text: str, regions: list[str | None]) -> None:
    first = {region: read_name(text, region=region) for region in regions}
    again = {region: read_name(f"  {text} ", region=region) for region in reversed(regions)}
    assert first == again


def test_a_spanish_name_is_not_remembered_for_another_country() -> None:
    for _ in range(2):
        assert read_name("Ana Rulfo Pérez", region="MX") == Name(first="Ana", last="Rulfo Pérez")
        assert read_name("Ana Rulfo Pérez", region="US") == Name(first="Ana", middle="Rulfo", last="Pérez")


def test_a_number_is_read_by_its_region_whatever_was_asked_before() -> None:
    read = {region: read_phones("020 7946 0018", region=region)[0].number for region in ("GB", "DE", "GB")}
    assert read == {"GB": "+442079460018", "DE": "+492079460018"}
    for _ in range(2):
        with pytest.raises(Unreadable, match="needs a region"):
            read_phones("020 7946 0018", region=None)


def test_what_was_read_long_ago_is_read_again_alike() -> None:
    for _ in range(2):
        for number in range(MANY):
            assert read_emails(f"Ann{number}@Example.com") == (f"ann{number}@example.com",)
            assert read_name(f"Ann Lee{number}").last == f"Lee{number}"


def test_what_cannot_be_read_cannot_be_read_the_second_time_either() -> None:
    for _ in range(2):
        with pytest.raises(Unreadable, match="no e-mail address"):
            read_emails("ann@nowhere")
