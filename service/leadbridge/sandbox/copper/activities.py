"""Activities: notes, calls and meetings on a lead or a person, as an integration adds and finds them.

https://developer.copper.com/activities/overview.html . Activities of the system (a changed property) are not emulated:
none is ever there. Those of a record that is deleted or converted stay as they are.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.attributes import unrecognised
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.search import page_of
from leadbridge.sandbox.copper.setup import Setup

# A note's id is the same in every account, those of the others are the account's own:
# https://developer.copper.com/activities/list-activity-types.html
TYPES: Final[tuple[dict[str, Json], ...]] = (
    {"id": 0, "category": "user", "name": "Note", "is_disabled": False, "count_as_interaction": False},
    {"id": 190711, "category": "user", "name": "Phone Call", "is_disabled": False, "count_as_interaction": True},
    {"id": 190712, "category": "user", "name": "Meeting", "is_disabled": False, "count_as_interaction": True},
    {"id": 1, "category": "system", "name": "Property Changed", "is_disabled": False, "count_as_interaction": False},
    {
        "id": 3,
        "category": "system",
        "name": "Pipeline Stage Changed",
        "is_disabled": False,
        "count_as_interaction": False,
    },
)
_MADE_OF: Final = ("parent", "type", "details", "activity_date", "user_id")
_SEARCHED_BY: Final = frozenset(
    {"parent", "activity_types", "minimum_activity_date", "maximum_activity_date", "full_result"}
)
_PARENTS: Final = ("lead", "person", "company", "opportunity", "project", "task")


@dataclass(frozen=True, slots=True)
class _Kept:
    values: dict[str, Json]
    shown_from: float  # monotonic seconds


class Activities:
    """The activities of one account. Its methods raise `Invalid` for what Copper refuses, and then change nothing."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._kept: list[_Kept] = []

    def __iter__(self) -> Iterator[dict[str, Json]]:
        """Every activity as the API answers it, the oldest first."""
        return (one.values for one in self._kept)

    def add(
        self, body: Mapping[str, Json], *, is_there: Callable[[str, int], bool], lost: frozenset[str]
    ) -> dict[str, Json]:
        """A new activity on a record that `is_there`."""
        unknown = [key for key in body if key not in _MADE_OF]
        if unknown:
            raise Invalid(unrecognised(unknown))
        parent, kind, details = _parent(body.get("parent")), _type(body.get("type")), body.get("details")
        if kind["category"] != "user":
            raise Invalid("Type: only user activities can be created")
        if not is_there(parent["type"], parent["id"]):
            raise Invalid(f"Parent: Invalid value for Parent: {parent['id']}")
        if not isinstance(details, str) or not details.strip():
            raise Invalid("Details: can't be blank")
        world = self._setup.world
        now = world.unix_seconds()
        values: dict[str, Json] = {
            "id": world.ids.number(),
            "parent": parent,
            "type": kind,
            "user_id": _whole_number(body, "user_id", default=None),
            "details": None if "details" in lost else details,
            "activity_date": _whole_number(body, "activity_date", default=now),
            "old_value": None,
            "new_value": None,
            "date_created": now,
            "date_modified": now,
        }
        lag = world.scaled(self._setup.options.search_lag)
        self._kept.append(_Kept(values, world.clock.monotonic() + lag))
        return values

    def search(self, query: Mapping[str, Json]) -> tuple[list[dict[str, Json]], int]:
        """One page of what search finds, the newest first, and how many it finds."""
        page = page_of(query, known=_SEARCHED_BY)
        now = self._setup.world.clock.monotonic()
        found = [one.values for one in self._kept if one.shown_from <= now]
        if query.get("parent") is not None:
            parent = _parent(query["parent"])
            found = [one for one in found if one["parent"] == parent]
        if query.get("activity_types") is not None:
            listed = query["activity_types"]
            kinds = [_type(kind) for kind in listed] if isinstance(listed, list) else [_type(listed)]
            found = [one for one in found if one["type"] in kinds]
        since = _whole_number(query, "minimum_activity_date", default=0) or 0
        until = _whole_number(query, "maximum_activity_date", default=None)
        found = [
            one for one in found if since <= one["activity_date"] and (until is None or one["activity_date"] <= until)
        ]
        found.sort(key=lambda one: (one["activity_date"], one["id"]), reverse=True)
        return found[page], len(found)


def _parent(value: Json) -> dict[str, Json]:
    if not isinstance(value, Mapping) or value.get("type") not in _PARENTS or not _is_id(value.get("id")):
        raise Invalid("Parent: must be an object of type and id")
    return {"id": value["id"], "type": value["type"]}


def _type(value: Json) -> dict[str, Json]:
    """The type that an object names; whatever else it says is ignored, as documented."""
    named = value if isinstance(value, Mapping) else {}
    for known in TYPES:
        if (known["id"], known["category"]) == (named.get("id"), named.get("category")) and _is_id(
            named["id"], zero=True
        ):
            return {"id": known["id"], "category": known["category"]}
    raise Invalid("Type: Invalid value for Type")


def _is_id(value: Json, *, zero: bool = False) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and (value > 0 or (zero and value == 0))


def _whole_number(values: Mapping[str, Json], key: str, *, default: int | None) -> int | None:
    value = values.get(key)
    if value is None:
        return default
    if not _is_id(value, zero=True):
        raise Invalid(f"{key.replace('_', ' ').title()}: must be a whole number")
    return int(value)
