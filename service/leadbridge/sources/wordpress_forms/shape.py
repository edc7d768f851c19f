"""A flat WordPress form as an event, without what the plugins add for themselves."""

from collections.abc import Iterable
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.shapes import event

_YOUR: Final = "your-"  # Contact Form 7 calls its fields your-name, your-email, …
_PLUGINS_OWN: Final = ("_wpcf7", "_wpnonce", "_wp_http_referer")
_META: Final = ("form_id", "form_name", "entry_id", "submission_id", "submitted_at", "page_url")


def form_events(document: Document) -> Iterable[Event]:
    """The one event of a form: each answer under its name, and `your-email` also under `email`."""
    body = document.value
    if not isinstance(body, dict):
        raise Unparseable("an object is expected")
    return (_contact_form_7 if "_wpcf7" in body else _other)(document)


def _answers(fields: Fields, document: Json) -> None:
    for name, value in document.items():
        if name not in _META and not name.startswith(_PLUGINS_OWN):
            fields.put(name, value)


def _plain_names(fields: Fields, _: Json) -> None:
    for name, value in list(fields.as_dict().items()):
        if name.startswith(_YOUR) and len(name) > len(_YOUR):
            fields.put_if_new(name.removeprefix(_YOUR), value)


_other: Final = event(_answers, _plain_names, meta={name: name for name in _META})
_contact_form_7: Final = event(
    _answers, _plain_names, meta={"form_id": "_wpcf7", "locale": "_wpcf7_locale", "page_url": "_wp_http_referer"}
)
