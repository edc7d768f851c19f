"""What a Copper custom field takes, what it keeps of it, and what it answers.

Kept is one form per type, so that values can be compared: dates as Unix seconds at the account's midnight.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.catalog import Catalog, DataType, Definition, RecordKind
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.setup import Setup

LABEL: Final = "Custom Fields"
_STRING_LIMIT: Final = 255  # characters
_WRITTEN_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DATE_FORMS: Final = {"both": "mm/dd/yyyy or Unix seconds", "text": "mm/dd/yyyy", "epoch": "Unix seconds"}
_PLURALS: Final[Mapping[RecordKind, str]] = {"lead": "leads", "person": "people"}
_ENTRY_KEYS: Final = frozenset({"custom_field_definition_id", "value"})


def read_custom_fields(value: Json, setup: Setup, *, kind: RecordKind) -> dict[int, Json]:
    """The values of a `custom_fields` list by definition; raises `Invalid` for the first that cannot be kept."""
    if not isinstance(value, list):
        raise Invalid(f"{LABEL}: must be an array")
    kept: dict[int, Json] = {}
    for entry in value:
        if not isinstance(entry, Mapping) or not entry.keys() <= _ENTRY_KEYS or "value" not in entry:
            raise Invalid(f"{LABEL}: must be objects of custom_field_definition_id and value")
        definition = definition_of(entry.get("custom_field_definition_id"), setup.catalog, kind=kind)
        kept[definition.id] = read_value(entry["value"], definition, setup)
    return kept


def definition_of(value: Json, catalog: Catalog, *, kind: RecordKind) -> Definition:
    """The custom field with that id; raises `Invalid` when records of this kind have none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"{LABEL}: Invalid value for Custom Field Definition Id: IDs must be positive integers: {value}")
    definition = catalog.definitions.get(value)
    if definition is None or kind not in definition.available_on:
        raise Invalid(f"{LABEL}: Custom Field Definition Id {value} is not available on {_PLURALS[kind]}")
    return definition


def read_value(value: Json, definition: Definition, setup: Setup) -> Json:
    """What the field keeps of `value`; None for a field that is cleared."""
    if value is None:
        return [] if definition.data_type == "MultiSelect" else None
    return _READERS[definition.data_type](value, definition, setup)


def answer_value(value: Json, definition: Definition, setup: Setup) -> Json:
    """How the API answers a kept value; a MultiSelect without one is empty, all others are null."""
    if value is None:
        return [] if definition.data_type == "MultiSelect" else None
    if definition.data_type == "Date" and setup.options.date_echo == "text":
        return datetime.fromtimestamp(value, setup.zone).strftime("%m/%d/%Y")
    return value


def _refusal(definition: Definition, wanted: str) -> Invalid:
    return Invalid(f"{LABEL}: Invalid value for {definition.name}: {wanted}")


def _text(value: Json, definition: Definition, _: Setup) -> Json:
    if not isinstance(value, str):
        raise _refusal(definition, "must be a string")
    return value


def _short_text(value: Json, definition: Definition, setup: Setup) -> Json:
    if len(_text(value, definition, setup)) > _STRING_LIMIT:
        raise _refusal(definition, f"is too long (maximum is {_STRING_LIMIT} characters)")
    return value


def _number(value: Json, definition: Definition, _: Setup) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal(definition, "must be a number")
    return value


def _checkbox(value: Json, definition: Definition, _: Setup) -> Json:
    if not isinstance(value, bool):
        raise _refusal(definition, "must be true or false")
    return value


def _option(value: Json, definition: Definition, _: Setup) -> Json:
    known = {option.id for option in definition.options}
    if isinstance(value, bool) or not isinstance(value, int) or value not in known:
        raise _refusal(definition, f"must be the id of an option: {value}")
    return value


def _some_options(value: Json, definition: Definition, setup: Setup) -> Json:
    if not isinstance(value, list):
        raise _refusal(definition, "must be an array of option ids")
    return list(dict.fromkeys(_option(item, definition, setup) for item in value))


def _date(value: Json, definition: Definition, setup: Setup) -> Json:
    # One official page says mm/dd/yyyy, the others show Unix seconds at the account's midnight.
    # https://developer.copper.com/introduction/best_practices.html
    taken = setup.options.dates_taken
    written = _WRITTEN_DATE.fullmatch(value) if isinstance(value, str) and taken != "epoch" else None
    try:
        if isinstance(value, int) and not isinstance(value, bool) and taken != "text":
            return int(datetime.fromtimestamp(value, setup.zone).timestamp())
        month, day, year = (int(part) for part in written.groups()) if written else (0, 0, 0)
        return int(datetime(year, month, day, tzinfo=setup.zone).timestamp())
    except (ValueError, OverflowError, OSError):
        raise _refusal(definition, f"must be a date, {_DATE_FORMS[taken]}") from None


def _references(value: Json, definition: Definition, _: Setup) -> Json:
    if not isinstance(value, list):
        raise _refusal(definition, "must be an array of records")
    return value


_READERS: Final[Mapping[DataType, Callable[[Json, Definition, Setup], Json]]] = {
    "String": _short_text,
    "Text": _text,
    "URL": _short_text,
    "Dropdown": _option,
    "MultiSelect": _some_options,
    "Checkbox": _checkbox,
    "Float": _number,
    "Percentage": _number,
    "Currency": _number,
    "Date": _date,
    "Connect": _references,
}
