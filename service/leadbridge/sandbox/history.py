"""What was called: the last calls to both CRMs, as a user or a test asks for them."""

from collections import deque
from dataclasses import asdict, dataclass

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.sandbox.emulator import CrmName


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call. `status` is None when the connection was dropped, `account` when the credentials were refused.

    `at` is the call's arrival; entries stand in the order of their answers.
    """

    at: Millis
    crm: CrmName
    account: str | None
    method: str
    path: str
    status: int | None
    record_id: str | None
    crm_trace_id: str | None


class History:
    """The last `size` calls."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)

    def add(self, entry: Entry) -> None:
        """Remember a call, and forget the oldest of too many."""
        self._entries.append(entry)

    def resize(self, size: int) -> None:
        """Remember more or fewer from now on."""
        self._entries = deque(self._entries, maxlen=size)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()

    def listed(self, *, crm: str | None = None, account: str | None = None) -> list[dict[str, Json]]:
        """The calls, oldest first; of one CRM or account when it is given."""
        return [
            asdict(entry) for entry in self._entries if crm in (None, entry.crm) and account in (None, entry.account)
        ]
