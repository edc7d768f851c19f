"""What a write to a contact may hold, as a table: every property, how it is read, and which call takes it.

https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json: UpsertContactDto, CreateContactDto,
UpdateContactDto. The messages are those of the vendor's validator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.addresses import is_email
from leadbridge.sandbox.leadconnector.catalog import ContactField
from leadbridge.sandbox.leadconnector.countries import COUNTRIES
from leadbridge.sandbox.leadconnector.custom_fields import read_custom_fields
from leadbridge.sandbox.leadconnector.problems import Invalid
from leadbridge.sandbox.leadconnector.values import e164, iso_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What reading depends on besides the value."""

    fields: tuple[ContactField, ...]
    v3: bool
    unknown_custom_field: Literal["drop", "refuse"]
    bad_phone: Literal["drop", "refuse"]
    bad_country: Literal["drop", "refuse"]
    country_refusal: str
    bad_date: Literal["drop", "refuse"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A call that writes: the properties it takes, and those of them that null clears."""

    takes: frozenset[str]
    nullable: frozenset[str]


class Ignored(Exception):
    """A value that is passed over in silence."""


Reader: TypeAlias = Callable[[str, Json, Context], Json]  # raises Invalid or Ignored


def read_properties(values: Mapping[str, Json], operation: Operation, context: Context) -> dict[str, Json]:
    """What is kept of a body; None clears. Raises `Invalid` with every problem."""
    messages = [f"property {key} should not exist" for key in values if key not in operation.takes]
    kept: dict[str, Json] = {}
    for key, value in values.items():
        if key not in operation.takes or key == "locationId":
            continue
        if value is None and key in operation.nullable:
            kept[key] = None
            continue
        try:
            kept[key] = _READERS.get(key, _text)(key, value, context)
        except Invalid as invalid:
            messages.extend(invalid.messages)
        except Ignored:
            continue
    if messages:
        raise Invalid(*messages)
    return kept


def read_tags(key: str, value: Json, _: Context | None = None) -> list[str]:
    """Tags in lower case, each once."""
    if not isinstance(value, list):
        raise Invalid(f"{key} must be an array")
    if not all(isinstance(tag, str) for tag in value):
        raise Invalid(f"each value in {key} must be a string")
    return list(dict.fromkeys(tag.strip().lower() for tag in value if tag.strip()))


def _text(key: str, value: Json, _: Context) -> Json:
    if not isinstance(value, str):
        raise Invalid(f"{key} must be a string")
    if not value:
        raise Ignored
    return value


def _email(key: str, value: Json, _: Context) -> Json:
    if not isinstance(value, str) or not is_email(value):
        raise Invalid(f"{key} must be an email")
    return value


def _phone(key: str, value: Json, context: Context) -> Json:
    if not isinstance(value, str):
        raise Invalid(f"{key} must be a string")
    number = e164(value)
    if number is not None:
        return number
    if value and context.bad_phone == "drop":
        raise Ignored
    raise Invalid(f"{key} must be a valid phone number")


def _country(_: str, value: Json, context: Context) -> Json:
    if isinstance(value, str) and value in COUNTRIES:
        return value
    if context.bad_country == "drop":
        raise Ignored
    raise Invalid(context.country_refusal)


def _flag(key: str, value: Json, _: Context) -> Json:
    if not isinstance(value, bool):
        raise Invalid(f"{key} must be a boolean value")
    return value


def _date(key: str, value: Json, context: Context) -> Json:
    day = iso_date(value) if isinstance(value, str) else None
    if day is not None:
        return day
    if context.bad_date == "drop":
        # Seen until 2025-11: https://github.com/GoHighLevel/highlevel-api-docs/issues/124
        raise Ignored
    raise Invalid(f"{key} must be a valid date in one of the supported formats")


def _dnd_settings(key: str, value: Json, context: Context) -> Json:
    channels = _CHANNELS_V3 if context.v3 else {channel: channel for channel in _CHANNELS_V3.values()}
    read = _switches(key, value, names=tuple(channels), states=("active", "inactive", "permanent"))
    return {channels[channel]: setting for channel, setting in read.items()}


def _inbound_dnd_settings(key: str, value: Json, _: Context) -> Json:
    return _switches(key, value, names=("all",), states=("active", "inactive"))


def _switches(key: str, value: Json, *, names: tuple[str, ...], states: tuple[str, ...]) -> dict[str, Json]:
    if not isinstance(value, Mapping):
        raise Invalid(f"{key} must be an object")
    messages = [f"{key}.property {name} should not exist" for name in value if name not in names]
    for name, setting in value.items():
        if not isinstance(setting, Mapping) or setting.get("status") not in states:
            messages.append(f"{key}.{name}.status must be one of the following values: {', '.join(states)}")
    if messages:
        raise Invalid(*messages)
    return dict(value)


def _custom_fields(_: str, value: Json, context: Context) -> Json:
    return read_custom_fields(value, context.fields, v3=context.v3, unknown=context.unknown_custom_field)


_CHANNELS_V3: Final = {
    "call": "Call", "email": "Email", "sms": "SMS", "whatsApp": "WhatsApp", "gmb": "GMB", "fb": "FB",
}  # fmt: skip
_READERS: Final[Mapping[str, Reader]] = {
    "email": _email,
    "phone": _phone,
    "country": _country,
    "dnd": _flag,
    "createNewIfDuplicateAllowed": _flag,
    "dateOfBirth": _date,
    "dndSettings": _dnd_settings,
    "inboundDndSettings": _inbound_dnd_settings,
    "tags": read_tags,
    "customFields": _custom_fields,
}
_UPDATE: Final = frozenset(
    {
        "firstName", "lastName", "name", "email", "phone", "address1", "city", "state", "postalCode", "website",
        "timezone", "dnd", "dndSettings", "inboundDndSettings", "tags", "customFields", "source", "dateOfBirth",
        "country", "assignedTo",
    }
)  # fmt: skip
_NULLABLE: Final = frozenset(
    {
        "firstName", "lastName", "name", "email", "phone", "address1", "city", "state", "website", "timezone",
        "dateOfBirth",
    }
)  # fmt: skip
_CREATE: Final = _UPDATE | {"locationId", "gender", "companyName"}
UPDATE: Final = Operation(_UPDATE, _NULLABLE | {"source", "assignedTo"})
CREATE: Final = Operation(_CREATE, _NULLABLE | {"companyName"})
UPSERT: Final = Operation(_CREATE | {"createNewIfDuplicateAllowed"}, _NULLABLE | {"companyName", "source"})
SEED: Final = Operation(_CREATE - {"locationId"}, _NULLABLE | {"companyName", "source"})
