"""Every table and column has a place on PostgreSQL, or nothing is moved."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.store.moving.places import ANEW, BEGINS_ANEW, STAYS, Here, There, places
from leadbridge.store.moving.source import Source
from leadbridge.store.moving.target import Target

OF_POSTGRES = {"leadbridge_schema", "processes"}  # what only it has; more of that needs a reason
HERE = {
    "requests": Here(columns=["id", "order_at"], order=["rowid"]),
    "lanes": Here(columns=["lane", "owner"], order=["lane"]),
}
THERE = {
    "requests": There(kinds={"id": "text", "order_at": "bigint", "arrival": "bigint"}, key=["id"]),
    "lanes": There(kinds={"lane": "text", "owner": "text"}, key=["lane"]),
    "leadbridge_schema": There(kinds={"version": "integer"}, key=[]),
}


async def both(source: Path, target: str) -> tuple[Mapping[str, Here], Mapping[str, There]]:
    with closing(Source(source)) as here:
        there = await Target.opened(target)
        found = here.tables(), await there.tables()
        await there.close()
    return found


async def test_every_table_and_column_of_ours_has_a_place(source: Path, target: str) -> None:
    """Name what is new in `store/moving/places.py` when the two engines do not call it the same."""
    here, there = await both(source, target)
    found = places(here, there)
    assert {place.table for place in found} == there.keys() - OF_POSTGRES
    assert all(place.key for place in found), "a table without a primary key cannot be compared"


async def test_nothing_is_said_of_a_column_that_is_not_there(source: Path, target: str) -> None:
    here, there = await both(source, target)
    assert {(table, column) for table, column in STAYS if column not in here[table].columns} == set()
    wanted = ANEW.keys() | BEGINS_ANEW - STAYS
    assert {(table, column) for table, column in wanted if column not in there[table].kinds} == set()
    assert there.keys() >= OF_POSTGRES


def test_a_table_of_somebody_else_in_the_target_is_left_alone() -> None:
    others = {**THERE, "customers": There(kinds={"a": "text"}, key=["a"])}
    assert [place.table for place in places(HERE, others)] == ["requests", "lanes"]


def test_a_column_is_read_by_its_name_or_as_is_written_down() -> None:
    requests, lanes = places(HERE, THERE)
    assert (requests.columns, requests.values) == (
        ["id", "order_at", "arrival"],
        ["id", "coalesce(order_at, received_at)", "rowid"],
    )
    assert (requests.key, requests.order) == ([0], ["rowid"])
    assert lanes.columns == ["lane"], "nobody owns it there"


@pytest.mark.parametrize(
    ("here", "there", "missing"),
    [
        ({**HERE, "new": Here(columns=["a"], order=["a"])}, THERE, "new"),
        (
            {**HERE, "requests": Here(columns=["id", "order_at", "colour"], order=["rowid"])},
            THERE,
            "requests.colour",
        ),
        (HERE, {**THERE, "lanes": There(kinds={"lane": "text", "colour": "text"}, key=["lane"])}, "lanes.colour"),
    ],
)
def test_what_has_no_place_is_named(here: Mapping[str, Here], there: Mapping[str, There], missing: str) -> None:
    with pytest.raises(StorageUnavailable, match=f"does not know where to move {missing}; use a newer one"):
        places(here, there)
