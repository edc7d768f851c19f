"""Elementor's form as an event, in either of the two shapes that the action's switch "Advanced Data" gives it."""

from collections.abc import Iterable
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.shapes import event, flat_at, labelled

_UNLABELLED: Final = "No Label "  # and then the field's id; Elementor writes it in English on every site
_FORM: Final = ("form_id", "form_name")
_TYPES: Final[dict[str, FieldType]] = {
    "email": "email",
    "tel": "phone",
    "url": "website",
    "acceptance": "consent",
    "hidden": "hidden",
    "upload": "file",
    "number": "number",
    "date": "date",
    "select": "choice",
    "radio": "choice",
    "checkbox": "choice",
}


def form_events(document: Document) -> Iterable[Event]:
    """The one event of a submission.

    With Advanced Data each answer stands under its label and its id, with its type; without, under its label, and one
    that has none (`No Label email`) under its id too. The dates are the site's, in its language: they stay texts.
    """
    body = document.value
    if not isinstance(body, dict):
        raise Unparseable("an object is expected")
    is_advanced = isinstance(body.get("fields"), dict | list)
    return (_advanced if is_advanced else _flat)(document)


def _ids(fields: Fields, document: Json) -> None:
    for name, value in document.items():
        if name.startswith(_UNLABELLED) and (field_id := name.removeprefix(_UNLABELLED).strip()):
            fields.put_if_new(field_id, value)


_advanced: Final = event(
    labelled("fields", label="title", key="id", type="type", types=_TYPES),
    meta={
        "form_id": "form.id",
        "form_name": "form.name",
        "page_url": "meta.page_url.value",
        "date": "meta.date.value",
        "time": "meta.time.value",
        "user_agent": "meta.user_agent.value",
        "remote_ip": "meta.remote_ip.value",
    },
)
_flat: Final = event(flat_at(leave_out=_FORM), _ids, meta={name: name for name in _FORM})
