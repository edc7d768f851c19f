"""Any form, tool or relay that posts JSON or a form in a shape of its own."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.events import Event, Json
from leadbridge.sources.fields import file_meta, submissions
from leadbridge.sources.generic.questions import Items
from leadbridge.sources.generic.reading import read
from leadbridge.sources.generic.tables import is_one_form
from leadbridge.sources.generic.texts import Texts
from leadbridge.sources.preset import Header, Preset

_CONTAINERS: Final = (dict, list)
_META: Final = ("form_id", "form_name", "submission_id", "submitted_at", "page_url")


def _shape(document: Document) -> Iterator[Event]:
    value = document.value
    items, texts = Items(), Texts()
    for raw in [value] if is_one_form(value, items) else submissions(value):
        fields, second_names, types, about = read(raw, items, texts)
        meta: dict[str, Json] = {name: fields[name] for name in _META if _is_scalar(fields.get(name))}
        yield Event(
            fields=fields,
            second_names=second_names,
            types=types,
            about=about,
            meta=meta | file_meta(document.files),
            files=tuple(part for _, part in document.files),
            raw=raw,
        )


def _is_scalar(value: Json) -> bool:
    return value not in (None, "") and not isinstance(value, _CONTAINERS)


PRESET: Final = Preset(
    name="generic",
    title="Generic webhook",
    description="Flat or nested JSON, lists of {name, value} pairs, lists of objects, URL-encoded and multipart forms.",
    shape=_shape,
    dedupe=(Header("idempotency-key"), Header("webhook-id"), Header("svix-id")),
)
