"""Acme Forms: one entry a request, as a list of answers."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at
from leadbridge.sources.preset import Ignore, Path, Preset


def _entry(document: Document) -> Iterator[Event]:
    """Each answer by its question, and by its type where the type says more than the question."""
    answers = at(document.value, "entry.answers")
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise Unparseable("a list of answers is expected here", place="entry.answers")
    fields = Fields()
    for answer in answers:
        fields.put(str(answer.get("question")), answer.get("value"))
    for answer in answers:
        if answer.get("type") in ("email", "phone"):
            fields.put_if_new(answer["type"], answer.get("value"))
    meta = {"form_name": at(document.value, "entry.form"), "submission_id": at(document.value, "entry.id")}
    yield Event(fields=fields.as_dict(), meta=meta, raw=document.value)


PRESET: Final = Preset(
    name="acme-forms",
    title="Acme Forms",
    description="Entries of Acme Forms: answers by their question.",
    shape=_entry,
    scheme={"scheme": "hmac", "header": "acme-signature", "encoding": "hex"},
    dedupe=(Path("entry.id"),),
    event_at=Path("entry.sent_at"),
    ignore=(Ignore(path="kind", unless=("entry",), reason="a {value} is no entry"),),
)
