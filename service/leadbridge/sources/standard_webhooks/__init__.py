"""Senders that follow the Standard Webhooks specification, Svix among them."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json
from leadbridge.sources.generic.body import Body
from leadbridge.sources.preset import Header, Path, Preset
from leadbridge.sources.shapes import around


def _shape(document: Document) -> Iterator[Event]:
    envelope, body = document.value, Body(document)
    if not isinstance(envelope, dict):
        raise Unparseable("an object is expected")
    meta: dict[str, Json] = {
        name: envelope[key] for key, name in (("type", "type"), ("timestamp", "submitted_at")) if envelope.get(key)
    }
    data = envelope.get("data")
    if not isinstance(data, dict | list):
        yield body.event(body.read(envelope), meta=meta, raw=envelope)
        return
    for item in body.submissions(data):
        raw = envelope if item is data else around(envelope, "data", item)
        yield body.event(body.read(item), meta=meta, raw=raw)


PRESET: Final = Preset(
    name="standard-webhooks",
    title="Standard Webhooks",
    description="The {type, timestamp, data} envelope of the Standard Webhooks specification, also as Svix sends it.",
    shape=_shape,
    scheme={"scheme": "standard-webhooks"},
    dedupe=(Header("webhook-id"), Header("svix-id")),
    event_at=Path("timestamp"),
)
