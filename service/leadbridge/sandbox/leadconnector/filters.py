"""The filters of `POST /contacts/search`: fields, operators, and groups of them."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.problems import Invalid

FIELDS: Final = frozenset(
    {
        "id", "email", "phone", "firstNameLowerCase", "lastNameLowerCase", "companyName", "address1", "city", "state",
        "country", "postalCode", "website", "timezone", "source", "tags", "dnd", "assignedTo", "type", "dateOfBirth",
        "dateAdded", "dateUpdated",
    }
)  # fmt: skip
_CUSTOM: Final = "customFields."
_MOST_DEEP: Final = 10
Record: TypeAlias = Mapping[str, Json]
Test: TypeAlias = Callable[[Record], bool]
Holds: TypeAlias = Callable[[Json], bool]


def all_of(filters: list[Mapping[str, Json]], *, depth: int = 0) -> Test:
    """A test that a contact's answer passes when it passes every filter; raises `Invalid` for a bad one."""
    tests = [_test(given, depth=depth) for given in filters]
    return lambda answer: all(test(answer) for test in tests)


def listed(query: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    """The objects of a list that may be left out; raises `Invalid` for anything else."""
    value = query.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise Invalid(f"{key} must be an array of objects")
    return value


def _any_of(filters: list[Mapping[str, Json]], *, depth: int) -> Test:
    tests = [_test(given, depth=depth) for given in filters]
    return lambda answer: any(test(answer) for test in tests)


def _test(given: Mapping[str, Json], *, depth: int) -> Test:
    if "group" in given:
        group = given["group"]
        if depth == _MOST_DEEP or group not in ("AND", "OR"):
            raise Invalid("group must be one of the following values: AND, OR")
        grouped = all_of if group == "AND" else _any_of
        return grouped(listed(given, "filters"), depth=depth + 1)
    field, operator = given.get("field"), given.get("operator")
    if not isinstance(field, str) or (field not in FIELDS and not field.startswith(_CUSTOM)):
        raise Invalid(f"filter by {field} is not supported")
    make = _OPERATORS.get(operator) if isinstance(operator, str) else None
    if make is None:
        raise Invalid(f"operator must be one of the following values: {', '.join(_OPERATORS)}")
    holds = make(given.get("value"))
    return lambda answer: holds(_held(answer, field))


def _held(answer: Record, field: str) -> Json:
    if not field.startswith(_CUSTOM):
        return answer.get(field)
    wanted = field.removeprefix(_CUSTOM)
    return next((entry["value"] for entry in answer["customFields"] if entry["id"] == wanted), None)


def _key(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def _equal(value: Json) -> Holds:
    wanted = [_key(item) for item in value] if isinstance(value, list) else [_key(value)]

    def holds(held: Json) -> bool:
        kept = [_key(item) for item in held] if isinstance(held, list) else [_key(held)]
        return any(item in kept for item in wanted)

    return holds


def _contains(value: Json) -> Holds:
    if not isinstance(value, str):
        raise Invalid("value must be a string")
    wanted = value.lower()
    return lambda held: any(wanted in str(item).lower() for item in (held if isinstance(held, list) else [held or ""]))


def _range(value: Json) -> Holds:
    if not isinstance(value, Mapping) or not value or not value.keys() <= _BOUNDS.keys():
        raise Invalid(f"value must be an object of {', '.join(_BOUNDS)}")

    def holds(held: Json) -> bool:
        return all(_comparable(held, bound) and _BOUNDS[name](held, bound) for name, bound in value.items())

    return holds


def _comparable(one: Json, other: Json) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers or (isinstance(one, str) and isinstance(other, str))


def _not(make: Callable[[Json], Holds]) -> Callable[[Json], Holds]:
    def made(value: Json) -> Holds:
        holds = make(value)
        return lambda held: not holds(held)

    return made


def _exists(_: Json) -> Holds:
    return lambda held: held not in (None, "", [])


_BOUNDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gte": lambda held, bound: held >= bound,
    "gt": lambda held, bound: held > bound,
    "lte": lambda held, bound: held <= bound,
    "lt": lambda held, bound: held < bound,
}
_OPERATORS: Final[Mapping[str, Callable[[Json], Holds]]] = {
    "eq": _equal,
    "not_eq": _not(_equal),
    "contains": _contains,
    "not_contains": _not(_contains),
    "exists": _exists,
    "not_exists": _not(_exists),
    "range": _range,
}
