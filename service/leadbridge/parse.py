"""Parse: a verified request to its events, as the source's preset says."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from leadbridge.bodies import read_document
from leadbridge.clock import Millis
from leadbridge.events import Event, Json, Parsed, Received, Verified
from leadbridge.sources.places import at
from leadbridge.sources.preset import Header, Joined, Moment, Path, Preset

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_ID: Final = 255  # characters; a longer id is known by its digest
_MOST_DIGITS: Final = 16  # of a time as a number: in milliseconds these are 300,000 years


def parse(preset: Preset, verified: Verified) -> Parsed:
    """What the request holds: events with their ids and times, or why it is no lead.

    An event that is no lead stays among the others with its reason, so that each keeps its number. Raises
    `Unparseable`, and nothing else, for a body that cannot be read or has not the preset's shape.
    """
    request = verified.request
    document = read_document(verified.payload, request.headers)
    if reason := _why_ignored(preset, request, document.value):
        return Parsed(ignored=reason, reply=preset.reply)
    events = [event for event in preset.shape(document) if event.fields or event.ignored is not None]
    if not events:
        return Parsed(ignored="the body holds no fields", reply=preset.reply)
    if preset.ignore:
        events = list(_told_apart(preset, request, events, whole=document.value))
    if len(events) == 1 and events[0].ignored is not None:
        return Parsed(ignored=events[0].ignored, reply=preset.reply)
    if len(events) == 1:
        return Parsed(events=(_with_ids(preset, request, events[0], index=None),), reply=preset.reply)
    several = tuple(_with_ids(preset, request, event, index=index) for index, event in enumerate(events))
    return Parsed(events=several, reply=preset.reply)


def _why_ignored(preset: Preset, request: Received, document: Json) -> str | None:
    for rule in preset.ignore:
        if reason := rule.why(document, request.headers):
            return reason
    return None


def _told_apart(preset: Preset, request: Received, events: list[Event], *, whole: Json) -> Iterator[Event]:
    """The events, with the reason on those that are no leads; one that is the whole document was looked at already."""
    for event in events:
        reason = None if event.raw is whole else _why_ignored(preset, request, event.raw)
        yield replace(event, ignored=reason) if reason else event


def _with_ids(preset: Preset, request: Received, event: Event, *, index: int | None) -> Event:
    dedupe_id = _dedupe_id(preset, request, event, index=index)
    event_at = _event_at(preset, request, event)
    if preset.meta_headers:
        said = {
            name: request.headers[header] for name, header in preset.meta_headers.items() if header in request.headers
        }
        event = replace(event, meta={**event.meta, **said})
    return event if dedupe_id is None and event_at is None else replace(event, dedupe_id=dedupe_id, event_at=event_at)


def _dedupe_id(preset: Preset, request: Received, event: Event, *, index: int | None) -> str | None:
    """The sender's id; one that stands in headers alone is the request's, so each of several events gets its index."""
    for place in preset.dedupe:
        parts = place.places if isinstance(place, Joined) else (place,)
        texts = [_text_at(part, request, event.raw) for part in parts]
        if all(texts):
            found = ":".join(texts)
            if len(found) > _LONGEST_ID:
                found = "sha256:" + hashlib.sha256(found.encode("utf-8", "replace")).hexdigest()
            return found if index is None or any(isinstance(part, Path) for part in parts) else f"{found}:{index}"
    return None


def _text_at(place: Header | Path, request: Received, raw: Json) -> str:
    found = request.headers.get(place.name) if isinstance(place, Header) else at(raw, place.path)
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _event_at(preset: Preset, request: Received, event: Event) -> Millis | None:
    """The sender's time, at the latest that of arrival: a clock ahead of ours must not hide what comes later."""
    if preset.event_at is None:
        return None
    stated = at(event.raw, preset.event_at.path)
    unit = preset.event_at.unit if isinstance(preset.event_at, Moment) else "iso"
    found = instant(stated) if unit == "iso" else _counted(stated, 1 if unit == "ms" else 1_000)
    return None if found is None else min(found, request.received_at)


def _counted(value: Json, factor: int) -> Millis | None:
    """A time since 1970 as milliseconds; `factor` is how many of them its unit has."""
    digits = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(digits) * factor if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS else None


def instant(value: Json) -> Millis | None:
    """An ISO 8601 time with its offset as milliseconds; None for anything else, a time without an offset too."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None or time.tzinfo is None:
        return None
    return (time - _EPOCH) // timedelta(milliseconds=1)
