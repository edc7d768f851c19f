"""LeadConnector's custom fields: from a name or key to the id, and from a value to the wire.

Only `id` and `field_value` are sent: a wrong key beside a right id breaks the item. An unknown id is dropped in
silence, so every name is looked up first: https://marketplace.gohighlevel.com/docs/ghl/locations/get-custom-fields.
"""

from collections.abc import Callable, Mapping
from typing import Final

from leadbridge.crm.adapter import Answer, Call
from leadbridge.crm.answers import Refusal
from leadbridge.crm.draft import is_blank
from leadbridge.crm.echo import Same, Sent, same_date, same_number, same_set, same_text
from leadbridge.crm.encoding import Encoded, as_date, as_number, as_option, as_options, as_text
from leadbridge.crm.leadconnector.contact import CUSTOM_FIELD, ContactDraft
from leadbridge.crm.leadconnector.reading import READ_FIELDS, refusal_of
from leadbridge.crm.leadconnector.rules import rule_for
from leadbridge.crm.names import Found, Names
from leadbridge.crm.remembering import remembering
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold

READ_PURPOSE: Final = "read custom fields"

_DROPPED: Final = "LeadConnector dropped the value or changed it: the field may be gone, or its type does not take it"
_KEY_PREFIX: Final = "contact."
_CHOICES: Final = frozenset({"SINGLE_OPTIONS", "RADIO"})
_MULTIPLE_CHOICES: Final = frozenset({"MULTIPLE_OPTIONS", "CHECKBOX"})


def read_call(location_id: str) -> Call:
    """The call that lists the location's contact fields, once per lane."""
    path = f"/locations/{location_id}/customFields"
    return Call(purpose=READ_PURPOSE, method="GET", path=path, query={"model": "contact"}, shared=True)


def read_refusal(answer: Answer) -> Refusal | None:
    """Why the delivery cannot go on without the fields."""
    refusal = refusal_of(answer, needs=READ_FIELDS)
    if isinstance(refusal, Fail):
        return Hold(reason="unknown_custom_field", detail=f"The custom fields cannot be read. {refusal.detail}")
    return refusal


@remembering(16)
def listed_fields(answer: Answer) -> list[dict[str, Json]]:
    """The contact fields that the location has."""
    listed = answer.body.get("customFields") if isinstance(answer.body, dict) else None
    return [
        item
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and isinstance(item.get("id"), str) and item.get("model", "contact") == "contact"
    ]


def write_custom_fields(draft: ContactDraft, listed: list[dict[str, Json]]) -> Hold | None:
    """Put the plan's custom fields into the draft; the Hold of the first name that is not exactly one field."""
    plan = draft.plan
    for name, value in plan.custom_fields.items():
        rule_of = f"custom:{name}"
        if rule_for(plan, rule_of) == "never":
            continue
        found = _names(listed).find(name)
        if not isinstance(found, Found):
            return Hold(
                reason="unknown_custom_field",
                detail=f"The location has no single contact field `{name}`: {found.why} "
                "Correct the name in `custom_fields`, or create the field in the location's settings.",
            )
        definition = found.item
        field = f"custom_fields.{definition.get('name')}"
        encoded = encode(definition, value)
        if encoded.problem is not None:
            cause = f"{encoded.problem} ({definition.get('dataType')})"
            draft.warn(field, sent=value, written=encoded.written, cause=cause)
        if encoded.send:
            same = _SAME.get(str(definition.get("dataType")), same_text)
            place = f"{CUSTOM_FIELD}{definition['id']}"
            draft.sent = [one for one in draft.sent if one.place != place]
            draft.later = [one for one in draft.later if one.sent.place != place]
            one = Sent(field=field, place=place, value=encoded.value, same=same, cause=_DROPPED)
            draft.put(one, rule_of=rule_of)
    return None


@remembering(16)
def _names(listed: list[dict[str, Json]]) -> Names[dict[str, Json]]:
    named = []
    for item in listed:
        key = str(item.get("fieldKey") or "")
        named += [(str(item.get("name") or ""), item), (key, item), (key.removeprefix(_KEY_PREFIX), item)]
        named.append((item["id"], item))
    return Names(named)


def encode(definition: Mapping[str, Json], value: Json) -> Encoded:
    """The value as this field takes it."""
    if value is None:
        return Encoded(send=False, problem="LeadConnector documents no way to clear a custom field")
    if is_blank(value):
        return Encoded(send=False)
    kind = str(definition.get("dataType"))
    if kind in _CHOICES or kind in _MULTIPLE_CHOICES:
        return _encode_choice(definition, value, several=kind in _MULTIPLE_CHOICES)
    if kind in ("FILE_UPLOAD", "SIGNATURE", "TEXTBOX_LIST"):
        return Encoded(send=False, problem="leadbridge does not write this kind of field")
    return _ENCODERS.get(kind, as_text)(value)


def _encode_choice(definition: Mapping[str, Json], value: Json, *, several: bool) -> Encoded:
    listed = definition.get("picklistOptions")
    options = [(option, option) for option in listed if isinstance(option, str)] if isinstance(listed, list) else []
    if definition.get("isAllowedCustomOption") is True or not options:
        texts = [as_text(item).value for item in (value if isinstance(value, list) else [value]) if not is_blank(item)]
        texts = [text for text in texts if text is not None]
        return Encoded(value=texts, send=bool(texts)) if several else as_text(value)
    return as_options(value, options) if several else as_option(value, options)


_ENCODERS: Final[Mapping[str, Callable[[Json], Encoded]]] = {
    "NUMERICAL": as_number,
    "FLOAT": as_number,
    "MONETORY": as_number,  # the vendor's spelling
    "DATE": as_date,
}

_SAME: Final[Mapping[str, Same]] = {
    "NUMERICAL": same_number,
    "FLOAT": same_number,
    "MONETORY": same_number,
    "DATE": same_date,
    "MULTIPLE_OPTIONS": same_set,
    "CHECKBOX": same_set,
}
