"""What automation tools pass on: the user's own fields, flat, or in a wrapper of such a tool."""

from collections.abc import Iterator
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.events import Event, Json
from leadbridge.sources.fields import Fields, file_meta, is_pairs, submissions

_META: Final = ("form_id", "form_name", "submission_id", "submitted_at", "page_url")
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
    for raw in submissions(document.value):
        for inner, query, whole in _unwrapped(raw, _MOST_WRAPPERS):
            yield _event(document, inner, query, whole)


def _unwrapped(raw: Json, depth: int) -> Iterator[tuple[Json, Json, Json]]:
    """Each submission in `raw`, the query that came with it, and `raw` with this one alone in its wrappers."""
    name = _wrapper(raw) if depth else None
    if name is None:
        yield raw, None, raw
        return
    held = raw[name]
    for item in held if isinstance(held, list) and not is_pairs(held) else [held]:
        for inner, query, whole in _unwrapped(item, depth - 1):
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


def _event(document: Document, inner: Json, query: Json, whole: Json) -> Event:
    fields = Fields()
    for name, value in inner.items() if isinstance(inner, dict) else [("", inner)]:
        fields.put(name, value)
    for name, value in list(fields.as_dict().items()):
        if _NESTED in name.strip("_"):
            fields.put_if_new(name.replace(_NESTED, "."), value)
    if isinstance(query, dict) and fields.as_dict():
        fields.put("query", query)
        for name, value in query.items():
            fields.put_if_new(name, value)
    values = fields.as_dict()
    meta = {name: values[name] for name in _META if not _is_blank(values.get(name))}
    return Event(
        fields=values,
        second_names=fields.second_names,
        meta=meta | file_meta(document.files),
        files=tuple(part for _, part in document.files),
        raw=whole,
    )


def _is_blank(value: Json) -> bool:
    return value in (None, "") or isinstance(value, dict | list)
