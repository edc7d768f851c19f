"""The lead that a route's templates make: evaluated, normalised, with only the keys that have something to say."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from phonenumbers import SUPPORTED_REGIONS

from leadbridge.events import Json
from leadbridge.expressions import ABSENT, AbsentType, Unreadable
from leadbridge.expressions.filters.countries import read_country
from leadbridge.expressions.filters.dates import read_date
from leadbridge.expressions.filters.emails import read_emails
from leadbridge.expressions.filters.lists import items_of
from leadbridge.expressions.filters.numbers import read_bool, read_number
from leadbridge.expressions.filters.phones import read_phones
from leadbridge.expressions.values import text_of
from leadbridge.lead import Address, Lead, Utm
from leadbridge.mapping.filling import Filling
from leadbridge.mapping.naming import whole_name
from leadbridge.settings.mapped import LeadMapping

Keys = dict[str, Any]

_TEXTS: Final = (
    "name", "first_name", "last_name", "middle_name", "prefix", "suffix", "company", "title", "message", "source",
    "owner", "status", "gender", "timezone",
)  # fmt: skip
_NAME_PARTS: Final = {
    "first_name": "first", "middle_name": "middle", "last_name": "last", "prefix": "prefix", "suffix": "suffix",
}  # fmt: skip
_GROUPS: Final[Mapping[str, type[Address] | type[Utm]]] = {"address": Address, "utm": Utm}
_BARE_SCHEMES: Final = ("http://", "https://", "www.", "http://www.", "https://www.")  # what forms fill in themselves


def lead_of(mapping: LeadMapping, filling: Filling) -> Lead:
    """The lead. National phone numbers are read as of its own country when it gives one that can be read."""
    keys: Keys = {}
    address = _group(mapping, filling, "address")
    if address:
        country = address.get("country")
        if isinstance(country, str):
            address["country"] = _read(read_country, country, filling, key="address.country")
            if address["country"] in SUPPORTED_REGIONS:
                filling.context = filling.context.within(address["country"])
        keys["address"] = Address(**address)
    utm = _group(mapping, filling, "utm")
    if utm:
        keys["utm"] = Utm(**utm)
    for key in _TEXTS:
        _put(keys, key, _text(filling.value(getattr(mapping, key), key, path=f"lead.{key}")))
        if key == "name" and "name" in keys and "lead.name" not in filling.taken:
            for part in _NAME_PARTS:  # they are read from the name that the rules give
                filling.recognised.pop(f"lead.{part}", None)
    _put_reached(keys, mapping, filling, one="email", many="emails", read=_emails)
    _put_reached(keys, mapping, filling, one="phone", many="phones", read=_phones)
    _put_reached(keys, mapping, filling, one="website", many="websites", read=_websites)
    if mapping.tags is not None:
        _put(keys, "tags", tags_of(filling.items(mapping.tags, "tags", path="lead.tags")) or ABSENT)
    for key, typed in (("value", _number), ("date_of_birth", _date), ("consent", _consent), ("dnd", _truth)):
        _put(keys, key, typed(filling.value(getattr(mapping, key), key, path=f"lead.{key}"), filling, key))
    _complete_name(keys, region=filling.context.region)
    return Lead(**keys)


def tags_of(items: Iterable[Json]) -> tuple[str, ...]:
    """Tags trimmed, each once whatever its capitals; a text with commas holds several."""
    kept: dict[str, str] = {}
    for item in items:
        for tag in items_of(item if isinstance(item, list) else text_of(item)):
            kept.setdefault(text_of(tag).casefold(), text_of(tag))
    return tuple(kept.values())


def _put(keys: Keys, key: str, value: Any) -> None:
    if value is not ABSENT:
        keys[key] = value


def _group(mapping: LeadMapping, filling: Filling, group: str) -> Keys:
    keys: Keys = {}
    inner = getattr(mapping, group)
    for key in _GROUPS[group].model_fields if inner is not None or filling.recognised else ():
        path = f"{group}.{key}"
        _put(keys, key, _text(filling.value(getattr(inner, key, None), path, path=f"lead.{path}")))
    return keys


def _text(value: Json | AbsentType) -> str | AbsentType | None:
    if value is ABSENT or value is None:
        return value
    return text_of(value).strip() or ABSENT


def _read(read: Callable[[str], Any], text: str, filling: Filling, *, key: str) -> Any:
    """What `read` makes of the text; the text itself, with a warning, when it cannot be read."""
    try:
        return read(text)
    except Unreadable as problem:
        filling.warn(key, str(problem), text)
        return text


def _put_reached(
    keys: Keys,
    mapping: LeadMapping,
    filling: Filling,
    *,
    one: str,
    many: str,
    read: Callable[[str, Filling, str], tuple[str, ...]],
) -> None:
    """A way to reach the person that has a main value and a list: the main one stands first in the list.

    The list is filled when it is mapped, and when the main field holds several values. Without a main value the first
    of the list is it, unless the mapping clears it on purpose.
    """
    main = _text(filling.value(getattr(mapping, one), one, path=f"lead.{one}"))
    first = read(main, filling, one) if isinstance(main, str) else ()
    templates = getattr(mapping, many)
    listed = filling.items(templates, many, path=f"lead.{many}") if templates is not None else []
    rest = [each for item in listed if (text := text_of(item).strip()) for each in read(text, filling, many)]
    whole = tuple(dict.fromkeys([*first, *rest]))
    if main is None:
        keys[one] = None
    elif whole:
        keys[one] = whole[0]
    if rest or len(first) > 1:
        keys[many] = whole


def _emails(text: str, filling: Filling, key: str) -> tuple[str, ...]:
    try:
        return read_emails(text)
    except Unreadable as problem:
        filling.warn(key, str(problem), text)
        return ()


def _phones(text: str, filling: Filling, key: str) -> tuple[str, ...]:
    try:
        phones = read_phones(text, region=filling.context.region)
    except Unreadable as problem:
        filling.warn(key, str(problem), text)
        return (text,)
    for note in dict.fromkeys(phone.note for phone in phones if phone.note):
        filling.warn(key, note, text)
    return tuple(phone.number for phone in phones)


def _websites(text: str, _filling: Filling, _key: str) -> tuple[str, ...]:
    pieces = text.replace(",", " ").replace(";", " ").split() if text.count(".") > 1 else [text]
    whole = all("." in piece for piece in pieces)
    return tuple(piece for piece in (pieces if whole else [text]) if piece.lower() not in _BARE_SCHEMES)


def _number(value: Json | AbsentType, filling: Filling, key: str) -> Any:
    if value is ABSENT or value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return _typed(read_number, value, filling, key)


def _truth(value: Json | AbsentType, filling: Filling, key: str) -> Any:
    if value is ABSENT or value is None or isinstance(value, bool):
        return value
    return _typed(read_bool, value, filling, key)


def _typed(read: Callable[[str], Any], value: Json, filling: Filling, key: str) -> Any:
    """The value in its type; one that cannot be read cannot be kept either, and lives on in the warning alone."""
    try:
        return read(text_of(value))
    except Unreadable as problem:
        filling.warn(key, str(problem), value)
        return ABSENT


def _consent(value: Json | AbsentType, _filling: Filling, _key: str) -> Any:
    return value if isinstance(value, bool) else _text(value)


def _date(value: Json | AbsentType, filling: Filling, key: str) -> Any:
    text = _text(value)
    return _read(read_date, text, filling, key=key) if isinstance(text, str) else text


def _complete_name(keys: Keys, *, region: str | None) -> None:
    """Fill the full name from its parts, or the parts from the full name, whichever side the mapping left out."""
    name = keys.get("name")
    if "name" not in keys:
        parts = [keys.get(key) for key in ("first_name", "middle_name", "last_name")]
        if any(parts):
            keys["name"] = " ".join(part for part in parts if part)
    elif name:
        _complete_parts(keys, name, region=region)


def _complete_parts(keys: Keys, name: str, *, region: str | None) -> None:
    first, last = keys.get("first_name"), keys.get("last_name")
    match (first, last):
        case (str(), None) if "last_name" not in keys and name.startswith(f"{first} "):
            keys["last_name"] = name.removeprefix(first).strip()
        case (None, str()) if "first_name" not in keys and name.endswith(f" {last}"):
            keys["first_name"] = name.removesuffix(last).strip()
        case (None, None) if not {"first_name", "last_name"} & keys.keys():
            found = whole_name(name, region=region)
            parts = {key: getattr(found, part) for key, part in _NAME_PARTS.items()}
            keys |= {key: part for key, part in parts.items() if part and key not in keys}
