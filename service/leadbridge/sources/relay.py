"""What automation tools pass on: a form in any shape, or the user's own fields, also in a wrapper of such a tool."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.events import Event, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.generic.apart import Reading
from leadbridge.sources.generic.body import Body, named_meta

# What stands beside a wrapped submission: n8n's webhook node has it in `body`, its items in `json`.
_BESIDE: Final = {
    "body": frozenset(("headers", "params", "query", "webhookUrl", "executionMode")),
    "json": frozenset(("pairedItem", "binary", "index", "error")),
    "data": frozenset[str](),
    "payload": frozenset[str](),
}
_MOST_WRAPPERS: Final = 3  # around each other: an item (`json`) that is a whole webhook (`body`), and one to spare
_NESTED: Final = "__"  # Zapier's way to write a.b in one name


def relayed(document: Document) -> Iterator[Event]:
    """An event of each submission: of each item where the tool sends a list, too.

    A wrapper is an object that holds the submission under `body`, `json`, `data` or `payload` and else only what the
    tools put beside it; its `query` stays, as `query.utm_source` and `utm_source`. `contact__email` is also
    `contact.email`.
    """
    body = Body(document)
    for raw in body.submissions(document.value):
        for inner, query, whole in _unwrapped(body, raw, _MOST_WRAPPERS):
            reading = _with_other_names(body.read(inner), query)
            yield body.event(reading, meta=named_meta(reading.fields), raw=whole)


def _unwrapped(body: Body, raw: Json, depth: int) -> Iterator[tuple[Json, Json, Json]]:
    """Each submission in `raw`, the query that came with it, and `raw` with this one alone in its wrappers."""
    name = _wrapper(raw) if depth else None
    if name is None:
        yield raw, None, raw
        return
    held = raw[name]
    for item in body.submissions(held):
        for inner, query, whole in _unwrapped(body, item, depth - 1):
            yield inner, query or raw.get("query"), raw | {name: whole}


def _wrapper(raw: Json) -> str | None:
    """The key that holds the submission; None when `raw` is the submission."""
    if not isinstance(raw, dict):
        return None
    for name, beside in _BESIDE.items():
        if name in raw and raw.keys() - {name} <= beside:
            held = raw[name]
            is_objects = isinstance(held, list) and bool(held) and all(isinstance(item, dict) for item in held)
            return name if isinstance(held, dict) or is_objects else None
    return None


def _with_other_names(reading: Reading, query: Json) -> Reading:
    """The fields, those with Zapier's names under dotted ones too, and the query with which they came."""
    fields = Fields()
    for name, value in reading.fields.items():
        fields.put(name, value)
    for name, value in reading.fields.items():
        if _NESTED in name.strip("_") and name not in reading.about:
            fields.put_if_new(name.replace(_NESTED, "."), value, reading.types.get(name))
    if isinstance(query, dict) and reading.fields:
        fields.put("query", query)
        for name, value in query.items():
            fields.put_if_new(name, value)
    return reading._replace(
        fields=fields.as_dict(),
        second_names=(*reading.second_names, *fields.second_names),
        types={**reading.types, **fields.types},
    )
