"""The text of a note: everything that a person submitted, as people read it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from leadbridge.events import Event, Json
from leadbridge.expressions.values import text_of
from leadbridge.plan import LONGEST_NOTE

_LONGEST_VALUE: Final = 1_000
_MESSAGES: Final = frozenset({"message", "your message", "comment", "comments", "question", "enquiry", "inquiry"})
_ROOM_TO_SAY_SO: Final = 40


def note_of(event: Event, *, message: str | None) -> str:
    """The message first, then every field as `label: value` in the order of the form, then the page and the time.

    `message` is the lead's. The same event gives the same text.
    """
    lines = list(_fields(event))
    said = message or next((value for label, value in lines if label.strip().casefold() in _MESSAGES), None)
    listed = [f"{label}: {_short(value)}" for label, value in lines if value != said]
    ends = list(_ends(event))
    room = LONGEST_NOTE - sum(len(line) + 1 for line in ends) - _ROOM_TO_SAY_SO
    paragraphs = [bounded(said, room), "\n".join(_fitting(listed, room - len(said or ""))), "\n".join(ends)]
    return _storable("\n\n".join(paragraph for paragraph in paragraphs if paragraph))


def bounded(text: str | None, longest: int = LONGEST_NOTE) -> str:
    """The text, cut off with an ellipsis where it is longer than a note may be."""
    text = _storable((text or "").strip())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _fields(event: Event) -> Iterator[tuple[str, str]]:
    for label, value in event.fields.items():
        text = _text(value)
        if text and label not in event.second_names:
            yield label, text


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text_of(value).strip()


def _short(value: str) -> str:
    return bounded(value, _LONGEST_VALUE)


def _fitting(lines: list[str], room: int) -> Iterator[str]:
    """The lines for which there is room, and how many there are more."""
    for at, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            yield f"… and {len(lines) - at} more fields"
            return
        yield line


def _ends(event: Event) -> Iterator[str]:
    page = event.meta.get("page_url")
    if page:
        yield f"Page: {_short(_text(page))}"
    when = event.meta.get("submitted_at")
    if when is None and event.event_at is not None:
        when = datetime.fromtimestamp(event.event_at / 1000, UTC).isoformat(timespec="seconds")
    if when:
        yield f"Submitted: {_short(_text(when))}"


def _storable(text: str) -> str:
    """Half of a character, which some senders send, is in no text that can be stored."""
    return text.encode("utf-8", "replace").decode()
