"""Any form, tool or relay that posts JSON or a form in a shape of its own."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.events import Event
from leadbridge.sources.generic.body import Body, named_meta
from leadbridge.sources.preset import Header, Preset


def _shape(document: Document) -> Iterator[Event]:
    body = Body(document)
    for raw in body.submissions(document.value):
        reading = body.read(raw)
        yield body.event(reading, meta=named_meta(reading.fields), raw=raw)


PRESET: Final = Preset(
    name="generic",
    title="Generic webhook",
    description="Flat or nested JSON, lists of {name, value} pairs, lists of objects, URL-encoded and multipart forms.",
    shape=_shape,
    dedupe=(Header("idempotency-key"), Header("webhook-id"), Header("svix-id")),
)
