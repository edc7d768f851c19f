"""How the quarantine is stored, in statements that every engine understands; values are `?1`, `?2` and so on."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.store.quarantine import SealedRequest

_COLUMNS: Final = "id, source, received_at, reason, sealed"
KEEP: Final = f"INSERT INTO quarantine ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)"
COUNT_IN: Final = """
    INSERT INTO quarantined (source, requests, bytes) SELECT CAST(?1 AS text), 1, CAST(?2 AS bigint)
    WHERE (SELECT coalesce(sum(bytes), 0) FROM quarantined) + CAST(?2 AS bigint) <= CAST(?4 AS bigint)
    ON CONFLICT (source) DO UPDATE SET
        requests = quarantined.requests + excluded.requests, bytes = quarantined.bytes + excluded.bytes
    WHERE quarantined.requests < CAST(?3 AS bigint)"""
COUNT_OUT: Final = "UPDATE quarantined SET requests = requests - 1, bytes = bytes - ?2 WHERE source = ?1"
KEPT: Final = f"SELECT {_COLUMNS} FROM quarantine WHERE source = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
COUNTS: Final = "SELECT source, requests FROM quarantined WHERE requests > 0 ORDER BY source"
DROP: Final = "DELETE FROM quarantine WHERE id = ?1 RETURNING source, length(sealed)"
# It stands where it came: what was sent since is newer, and must not be overwritten by it.
IN_ITS_PLACE: Final = "UPDATE requests SET order_at = received_at WHERE id = ?1"
OLD: Final = "SELECT id FROM quarantine WHERE received_at < ?1 LIMIT ?2"


def sealed_of(row: Sequence[Any]) -> SealedRequest:
    """A stored request, from its columns in their order."""
    name, source, received_at, reason, sealed = row
    return SealedRequest(id=name, source=source, received_at=received_at, reason=reason, sealed=sealed)
