"""What of a proved request is stored, and read again: the request itself, and an item for each submission in it."""

import hashlib
from typing import Literal

from leadbridge.desk import Desk
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Parsed, Verified
from leadbridge.ids import new_id, new_trace_id, trace_id_of
from leadbridge.sources.contents import Known, raw_of
from leadbridge.store.values import NewItem, NewRequest, WaitingSubmission
from leadbridge.verify import stored


def new_request(desk: Desk, verified: Verified, trace_id: str, items: list[NewItem]) -> NewRequest:
    """A request with its items."""
    return NewRequest(
        request_id=new_id(),
        trace_id=trace_id,
        received=verified.request,
        verified_by=desk.scheme.scheme,
        items=items,
    )


def trace_id_for(verified: Verified) -> str:
    """The sender's trace id, or a new one: anyone can send a traceparent, and only a proved sender's is believed."""
    return (trace_id_of(verified.request.headers.get("traceparent")) if verified.verified else None) or new_trace_id()


def items_of(desk: Desk, verified: Verified, parsed: Parsed) -> list[NewItem]:
    """An item for each event, told apart from what came before; one with the reason for what is no lead."""
    if parsed.ignored is not None:
        return [NewItem(submission_id=new_id(), state="ignored", reason=parsed.ignored)]
    several = len(parsed.events) > 1
    items = []
    known: Known = {}
    for event in parsed.events:
        if event.ignored is not None:
            items.append(NewItem(submission_id=new_id(), state="ignored", reason=event.ignored))
            continue
        state: Literal["received", "awaiting_fetch"] = "awaiting_fetch" if desk.awaits_fetch(event) else "received"
        key = desk.dedupe_key(event)
        if key is None and (content := desk.content(event)) is not None:
            since = max(1, verified.request.received_at - desk.dedupe_window)
            known_by = f"content:{content.hex()}"
            item = NewItem(submission_id=new_id(), state=state, dedupe_key=known_by, digest=content, since=since)
            items.append(item)
            continue
        digest = b"" if key is None else _digest(desk, verified, event, known=known if several else None)
        items.append(NewItem(submission_id=new_id(), state=state, dedupe_key=key, digest=digest))
    return items


class StoredEvents:
    """The events of submissions that are stored, parsed as their source does now."""

    def __init__(self) -> None:
        self._last: tuple[str, Parsed] | None = None  # the last request that was parsed: it may hold many items

    def of(self, desk: Desk, item: WaitingSubmission) -> Event:
        """The event of one item, as it came; raises `Unparseable`."""
        if self._last is None or self._last[0] != item.request_id:
            verified = stored(desk.scheme, item.received, verified=item.verified_by != "none")
            self._last = item.request_id, desk.parse(verified)
        events = self._last[1].events
        if item.item >= len(events):
            raise Unparseable("the preset finds this item in its request no more")
        return events[item.item]


def unparseable_item(verified: Verified, error: Unparseable) -> NewItem:
    """What cannot be read is kept all the same, once for each body and what was said of it."""
    said = verified.request.headers.get("content-type", "").encode("utf-8", "replace")
    digest = hashlib.sha256(said + b"\n" + verified.payload).digest()
    return NewItem(
        submission_id=new_id(),
        state="failed",
        reason=f"unparseable: {error.detail}",
        dedupe_key=f"unparseable:{digest.hex()}",
        digest=digest,
    )


def _digest(desk: Desk, verified: Verified, event: Event, *, known: Known | None) -> bytes:
    """What an event says: with the same id, another one is a revision."""
    if known is not None or desk.preset.volatile:
        return raw_of(event, but=desk.preset.volatile, known=known)
    return hashlib.sha256(verified.payload).digest()
