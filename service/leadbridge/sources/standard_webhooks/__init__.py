"""Senders that follow the Standard Webhooks specification, Svix among them."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json
from leadbridge.sources.fields import flat, submissions
from leadbridge.sources.preset import Header, Path, Preset
from leadbridge.sources.shapes import around


def _shape(document: Document) -> Iterator[Event]:
    body = document.value
    if not isinstance(body, dict):
        raise Unparseable("an object is expected")
    meta: dict[str, Json] = {
        name: body[key] for key, name in (("type", "type"), ("timestamp", "submitted_at")) if body.get(key)
    }
    data = body.get("data")
    if not isinstance(data, dict | list):
        yield Event(fields=flat(body), meta=meta, raw=body)
        return
    for item in submissions(data):
        yield Event(fields=flat(item), meta=meta, raw=body if item is data else around(body, "data", item))


PRESET: Final = Preset(
    name="standard-webhooks",
    title="Standard Webhooks",
    description="The {type, timestamp, data} envelope of the Standard Webhooks specification, also as Svix sends it.",
    shape=_shape,
    scheme={"scheme": "standard-webhooks"},
    dedupe=(Header("webhook-id"), Header("svix-id")),
    event_at=Path("timestamp"),
)
