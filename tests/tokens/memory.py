"""Tokens in memory: what processes that exist only in a test share. It passes the contract of the real ones."""

from dataclasses import replace

from leadbridge.clock import Millis
from leadbridge.store.tokens import TokenRow


class MemoryTokens:
    """`store.tokens.TokenStore` in a dictionary, which several may stand on."""

    def __init__(self, rows: dict[str, TokenRow] | None = None) -> None:
        self.rows = {} if rows is None else rows

    async def token(self, name: str) -> TokenRow | None:
        return self.rows.get(name)

    async def tokens(self) -> tuple[TokenRow, ...]:
        return tuple(self.rows[name] for name in sorted(self.rows))

    async def put_token(self, name: str, sealed: bytes, *, version: int, now: Millis, by: str | None = None) -> bool:
        row = self.rows.get(name)
        if (row.version if row else 0) != version or (by is not None and (row is None or row.intent_by != by)):
            return False
        self.rows[name] = TokenRow(
            name=name, version=version + 1, sealed=sealed, intent_at=None, intent_by=None, lost_at=None, detail=None,
            updated_at=now,
        )  # fmt: skip
        return True

    async def reseal_token(self, name: str, sealed: bytes, *, version: int) -> bool:
        return self._changed(name, version, sealed=sealed)

    async def begin_exchange(self, seen: TokenRow, *, by: str, now: Millis) -> bool:
        row = self.rows.get(seen.name)
        if row is None or (row.intent_at, row.intent_by) != (seen.intent_at, seen.intent_by) or row.lost_at is not None:
            return False
        return self._changed(seen.name, seen.version, intent_at=now, intent_by=by)

    async def end_exchange(self, name: str, *, version: int, by: str) -> bool:
        return self._changed(name, version, by=by, intent_at=None, intent_by=None)

    async def lose_token(self, name: str, *, version: int, by: str, detail: str, now: Millis) -> bool:
        return self._changed(
            name, version, by=by, intent_at=None, intent_by=None, lost_at=now, detail=detail, updated_at=now
        )

    async def close(self) -> None:
        """Nothing to let go."""

    def _changed(self, name: str, version: int, *, by: str | None = None, **values: object) -> bool:
        row = self.rows.get(name)
        if row is None or row.version != version or by not in (None, row.intent_by):
            return False
        self.rows[name] = replace(row, **values)  # type: ignore[arg-type]
        return True
