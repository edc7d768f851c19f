"""What was called: the last calls to the CRMs and vendors, as a user or a test asks for them."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.sandbox.emulator import CrmName, VendorName
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, is_shallow

MOST_OF_A_BODY: Final = 16 * 1024  # bytes that are kept
_WITH_CREDENTIALS: Final = "/oauth/"
_NOT_KEPT: Final = "(not kept: holds credentials)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call, to a CRM or to a vendor; the other is None. `record_id` of a vendor's is a document's.

    `status` is None when the connection was dropped, `account` when the credentials were refused.

    `at` is the call's arrival, `ended_at` when its answer began to go out, or would have; entries stand in the order of
    their answers. `faults` are the ids of those that struck.
    """

    at: Millis
    ended_at: Millis
    crm: CrmName | None
    vendor: VendorName | None
    account: str | None
    method: str
    path: str
    status: int | None
    record_id: str | None
    crm_trace_id: str | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bodies:
    """What was sent and answered, as far as it is kept."""

    query: Mapping[str, str]
    request: bytes
    request_size: int
    response: bytes
    response_size: int
    secret: bool

    def shown(self) -> dict[str, Json]:
        """JSON as JSON, other bodies as text, null where there is none; a long one is cut, and says so.

        JSON that is nested too deeply to be written again is text too.
        """
        if self.secret:
            return {"query": {}, "request_body": _NOT_KEPT, "response_body": _NOT_KEPT}
        return {
            "query": dict(self.query),
            "request_body": _shown(self.request, self.request_size),
            "response_body": _shown(self.response, self.response_size),
        }


class History:
    """The last `size` calls, the last `bodies` of them with what was sent and answered."""

    def __init__(self, size: int, *, bodies: int = 0) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._bodies: deque[_Bodies] = deque(maxlen=min(bodies, size))  # of the last entries, in their order

    def add(self, entry: Entry, *, request: ApiRequest, reply: ApiReply) -> None:
        """Remember a call, and forget the oldest of too many."""
        self._entries.append(entry)
        if self._bodies.maxlen:
            self._bodies.append(_bodies_of(request, reply))

    def resize(self, size: int, *, bodies: int) -> None:
        """Remember more or fewer from now on."""
        self._entries = deque(self._entries, maxlen=size)
        self._bodies = deque(self._bodies, maxlen=min(bodies, size))

    def clear(self) -> None:
        """Forget all calls, and their bodies."""
        self._entries.clear()
        self._bodies.clear()

    def listed(
        self,
        *,
        crm: str | None = None,
        vendor: str | None = None,
        account: str | None = None,
        record_id: str | None = None,
        since: Millis | None = None,
        limit: int | None = None,
        bodies: bool = False,
    ) -> list[dict[str, Json]]:
        """The last `limit` calls that fit what is given, oldest first; `since` is the earliest arrival.

        With `bodies`, those calls whose bodies are still kept also have `query`, `request_body` and `response_body`.
        """
        wanted: deque[tuple[Entry, _Bodies | None]] = deque(maxlen=limit)
        for entry, kept in self._with_bodies():
            if (
                crm in (None, entry.crm)
                and vendor in (None, entry.vendor)
                and account in (None, entry.account)
                and record_id in (None, entry.record_id)
                and (since is None or entry.at >= since)
            ):
                wanted.append((entry, kept))
        return [
            {**asdict(entry), "faults": list(entry.faults), **(kept.shown() if bodies and kept else {})}
            for entry, kept in wanted
        ]

    def _with_bodies(self) -> Iterator[tuple[Entry, _Bodies | None]]:
        without = len(self._entries) - len(self._bodies)
        kept = iter(self._bodies)
        for place, entry in enumerate(self._entries):
            yield entry, next(kept) if place >= without else None


def _bodies_of(request: ApiRequest, reply: ApiReply) -> _Bodies:
    secret = _WITH_CREDENTIALS in request.path
    return _Bodies(
        query={} if secret else request.query,
        request=b"" if secret else request.body[:MOST_OF_A_BODY],
        request_size=len(request.body),
        response=b"" if secret else reply.body[:MOST_OF_A_BODY],
        response_size=len(reply.body),
        secret=secret,
    )


def _shown(kept: bytes, size: int) -> Json:
    if not size:
        return None
    text = kept.decode("utf-8", errors="replace")
    if len(kept) < size:
        return f"{text}… ({size} bytes in all)"
    try:
        value = orjson.loads(kept)
    except orjson.JSONDecodeError:
        return text
    return value if is_shallow(value) else text
