"""How tokens are stored, in statements that every engine understands; values are `?1`, `?2` and so on."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.store.tokens import TokenRow

_COLUMNS: Final = "name, version, sealed, intent_at, intent_by, lost_at, detail, updated_at"
ONE: Final = f"SELECT {_COLUMNS} FROM tokens WHERE name = ?1"
ALL: Final = f"SELECT {_COLUMNS} FROM tokens ORDER BY name"
ADD: Final = """
    INSERT INTO tokens (name, version, sealed, updated_at) VALUES (?1, 1, ?2, ?3) ON CONFLICT (name) DO NOTHING"""
REPLACE: Final = """
    UPDATE tokens
    SET sealed = ?1, version = version + 1, intent_at = NULL, intent_by = NULL, lost_at = NULL, detail = NULL,
        updated_at = ?2
    WHERE name = ?3 AND version = ?4 AND (CAST(?5 AS text) IS NULL OR intent_by = ?5)"""
RESEAL: Final = "UPDATE tokens SET sealed = ?1 WHERE name = ?2 AND version = ?3"
BEGIN: Final = """
    UPDATE tokens SET intent_at = ?1, intent_by = ?2
    WHERE name = ?3 AND version = ?4 AND intent_at IS NOT DISTINCT FROM ?5 AND intent_by IS NOT DISTINCT FROM ?6
        AND lost_at IS NULL"""
END: Final = """
    UPDATE tokens SET intent_at = NULL, intent_by = NULL WHERE name = ?1 AND version = ?2 AND intent_by = ?3"""
LOSE: Final = """
    UPDATE tokens SET intent_at = NULL, intent_by = NULL, lost_at = ?1, detail = ?2, updated_at = ?3
    WHERE name = ?4 AND version = ?5 AND intent_by = ?6"""


def token_of(row: Sequence[Any]) -> TokenRow:
    """A stored grant, from its columns in their order."""
    name, version, sealed, intent_at, intent_by, lost_at, detail, updated_at = row
    return TokenRow(
        name=name,
        version=version,
        sealed=sealed,
        intent_at=intent_at,
        intent_by=intent_by,
        lost_at=lost_at,
        detail=detail,
        updated_at=updated_at,
    )
