"""Gravity Forms' entry as an event: the answers by their field ids, which is all that it says of them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.shapes import event, flat_at

# https://docs.gravityforms.com/entry-object: what an entry says of itself, beside the answers.
_OF_THE_ENTRY: Final = (
    "id", "form_id", "post_id", "date_created", "date_updated", "is_starred", "is_read", "ip", "source_url",
    "user_agent", "currency", "payment_status", "payment_date", "payment_amount", "payment_method", "transaction_id",
    "is_fulfilled", "created_by", "transaction_type", "status",
)  # fmt: skip
_TELLTALE: Final = ("id", "form_id", "date_created")  # all three are there when the body is a whole entry
# The inputs of a Name field: prefix, first, middle, last and suffix. Addresses and checkboxes have a `.1` too.
_NAME_INPUTS: Final = frozenset(("2", "3", "4", "6", "8"))
_NAMES: Final[dict[str, FieldType]] = {"3": "first_name", "6": "last_name"}


def entry_events(document: Document) -> Iterable[Event]:
    """The one event of an entry.

    A whole entry has each answer under its field's id; the first Name field also under `first_name` and `last_name`.
    Where the administrator chose the keys, everything stands under these.
    """
    body = document.value
    if not isinstance(body, dict):
        raise Unparseable("an object is expected")
    return (_entry if all(name in body for name in _TELLTALE) else _chosen)(document)


def _names(fields: Fields, _: Json) -> None:
    inputs: defaultdict[str, set[str]] = defaultdict(set)
    for key in fields.as_dict():
        field_id, dot, number = key.partition(".")
        if dot and field_id.isdecimal():
            inputs[field_id].add(number)
    for field_id, numbers in inputs.items():
        if numbers <= _NAME_INPUTS and numbers.issuperset(_NAMES):
            for number, name in _NAMES.items():
                fields.put_if_new(name, fields.as_dict()[f"{field_id}.{number}"], name)


_META: Final = {
    "form_id": "form_id",
    "submission_id": "id",
    "submitted_at": "date_created",
    "page_url": "source_url",
    "user_agent": "user_agent",
    "remote_ip": "ip",
}
_entry: Final = event(flat_at(leave_out=_OF_THE_ENTRY), _names, meta=_META)
_chosen: Final = event(flat_at(), meta={"form_id": "form_id", "page_url": "source_url"})
