"""What a person wants to see of a record, whichever CRM and kind it is: who it is, what is known, since when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from leadbridge.events import Json
from leadbridge.sandbox.emulator import CrmName, Emulator
from leadbridge.sandbox.exchange import ApiRequest

_MOST_OF_A_NOTE: Final = 80  # characters, in one line
_INNER: Final = ("email", "number", "url", "name")  # what an item of a list is called by


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a CRM's records have what is shown. Of several attributes, all values count, each once."""

    emails: tuple[str, ...]
    phones: tuple[str, ...]
    custom_fields: str
    field_id: str
    created: str
    updated: str
    definitions: str  # the endpoint that lists an account's custom fields
    listed_in: str | None  # the attribute of its answer that is the list; None when the answer is


SHAPES: Final[Mapping[CrmName, Shape]] = {
    "copper": Shape(
        emails=("email", "emails"),
        phones=("phone_numbers",),
        custom_fields="custom_fields",
        field_id="custom_field_definition_id",
        created="date_created",
        updated="date_modified",
        definitions="/custom_field_definitions",
        listed_in=None,
    ),
    "leadconnector": Shape(
        emails=("email", "additionalEmails"),
        phones=("phone", "additionalPhones"),
        custom_fields="customFields",
        field_id="id",
        created="dateAdded",
        updated="dateUpdated",
        definitions="/locations/{account}/customFields",
        listed_in="customFields",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A custom field's name, and the names of its options by their ids."""

    name: str
    options: Mapping[Json, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A record in one line."""

    id: str
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    tags: tuple[str, ...]
    custom_fields: tuple[tuple[str, str], ...]
    created: str
    updated: str

    def speaks_of(self, text: str) -> bool:
        """Whether `text` is part of what is shown, in any case of letters."""
        shown = (
            self.id,
            self.name,
            *self.emails,
            *self.phones,
            *self.tags,
            *(value for _, value in self.custom_fields),
        )
        return any(text.casefold() in part.casefold() for part in shown)


def custom_fields_of(emulator: Emulator, account: str) -> dict[str, CustomField]:
    """An account's custom fields by id, as the CRM's own API lists them; asked outside every quota and fault."""
    shape = SHAPES[emulator.crm]
    request = ApiRequest(
        method="GET",
        path=shape.definitions.replace("{account}", account),
        query={},
        headers={},
        body=b"",
        payload=None,
        trace_id="",
    )
    reply = emulator.answer(request, account)
    if reply.status != 200:
        return {}
    answer = orjson.loads(reply.body)
    return {
        str(entry["id"]): CustomField(
            name=entry["name"], options={option["id"]: option["name"] for option in entry.get("options", ())}
        )
        for entry in (answer[shape.listed_in] if shape.listed_in else answer)
    }


def summary(record: Mapping[str, Json], crm: CrmName, fields: Mapping[str, CustomField]) -> Summary:
    """What is shown of a record; what it does not have is empty."""
    shape = SHAPES[crm]
    return Summary(
        id=str(record.get("id", "")),
        name=_name(record),
        emails=_texts(record, shape.emails),
        phones=_texts(record, shape.phones),
        tags=_texts(record, ("tags",)),
        custom_fields=tuple(_custom_fields(record.get(shape.custom_fields) or (), shape, fields)),
        created=moment(record.get(shape.created)),
        updated=moment(record.get(shape.updated)),
    )


def moment(value: Json) -> str:
    """A time of a CRM as people read it, in UTC: Unix seconds of Copper, ISO 8601 of LeadConnector."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return value.replace("T", " ").partition(".")[0] if isinstance(value, str) else ""


def _name(record: Mapping[str, Json]) -> str:
    name = record.get("name")
    if isinstance(name, str) and name:
        return name
    parts = [str(record[key]) for key in ("firstName", "lastName") if record.get(key)]
    body = record.get("body")  # of a note
    return " ".join(parts) or (body[:_MOST_OF_A_NOTE] if isinstance(body, str) else "")


def _texts(record: Mapping[str, Json], names: Sequence[str]) -> tuple[str, ...]:
    found = [text for name in names for text in _items(record.get(name))]
    return tuple(dict.fromkeys(found))


def _items(value: Json) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        told = next((item[key] for key in _INNER if item.get(key)), None) if isinstance(item, Mapping) else item
        if told not in (None, ""):
            yield str(told)


def _custom_fields(
    entries: Sequence[Mapping[str, Json]], shape: Shape, fields: Mapping[str, CustomField]
) -> Iterator[tuple[str, str]]:
    for entry in entries:
        value = entry.get("value")
        if value in (None, "", []):
            continue
        field_id = str(entry.get(shape.field_id))
        field = fields.get(field_id, CustomField(name=field_id, options={}))
        values = value if isinstance(value, list) else [value]
        yield field.name, ", ".join(_option(one, field) for one in values)


def _option(value: Json, field: CustomField) -> str:
    named = field.options.get(value) if isinstance(value, int | str) else None
    return named if named is not None else str(value)
