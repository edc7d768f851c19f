"""Parse: a verified request to its events, as the source's preset says."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from leadbridge.bodies import read_document
from leadbridge.clock import Millis
from leadbridge.events import Event, Json, Parsed, Received, Verified
from leadbridge.sources.preset import Header, Path, Place, Preset, at

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_ID: Final = 255  # characters; a longer id is known by its digest


def parse(preset: Preset, verified: Verified) -> Parsed:
    """What the request holds: events with their ids and times, or why it is no lead.

    Raises `Unparseable`, and nothing else, for a body that cannot be read or has not the preset's shape.
    """
    document = read_document(verified.payload, verified.request.headers)
    for rule in preset.ignore:
        if reason := rule.why(document.value):
            return Parsed(ignored=reason, reply=preset.reply)
    events = [event for event in preset.shape(document) if event.fields]
    if not events:
        return Parsed(ignored="the body holds no fields", reply=preset.reply)
    several = len(events) > 1
    return Parsed(
        events=tuple(
            _with_ids(preset, verified.request, event, index=index if several else None)
            for index, event in enumerate(events)
        ),
        reply=preset.reply,
    )


def _with_ids(preset: Preset, request: Received, event: Event, *, index: int | None) -> Event:
    dedupe_id = _dedupe_id(preset, request, event, index=index)
    event_at = _event_at(preset, request, event)
    return event if dedupe_id is None and event_at is None else replace(event, dedupe_id=dedupe_id, event_at=event_at)


def _dedupe_id(preset: Preset, request: Received, event: Event, *, index: int | None) -> str | None:
    """The sender's id; one that stands in a header is the request's, so each of several events gets its index."""
    for place in preset.dedupe:
        found = _text_at(place, request, event.raw)
        if found:
            if len(found) > _LONGEST_ID:
                found = "sha256:" + hashlib.sha256(found.encode("utf-8", "replace")).hexdigest()
            return found if index is None or isinstance(place, Path) else f"{found}:{index}"
    return None


def _text_at(place: Place, request: Received, raw: Json) -> str:
    found = request.headers.get(place.name) if isinstance(place, Header) else at(raw, place.path)
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _event_at(preset: Preset, request: Received, event: Event) -> Millis | None:
    """The sender's time, at the latest that of arrival: a clock ahead of ours must not hide what comes later."""
    found = instant(at(event.raw, preset.event_at.path)) if preset.event_at else None
    return None if found is None else min(found, request.received_at)


def instant(value: Json) -> Millis | None:
    """An ISO 8601 time with its offset as milliseconds; None for anything else, a time without an offset too."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None or time.tzinfo is None:
        return None
    return (time - _EPOCH) // timedelta(milliseconds=1)
