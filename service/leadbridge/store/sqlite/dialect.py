"""What SQLite says in its own way of the rows that a person means (see `store.selecting`)."""

from collections.abc import Sequence
from typing import Final

import orjson

# With nothing to match by it would make a new record: nobody said yet that it should. One that has a key, which the CRM
# cannot match by, is only held again.
UNDECIDED: Final = """
    (state = 'held' AND reason IS 'no_match_key' AND choice IS NULL AND plan ->> '$.match' IS NULL)"""


class SqliteDialect:
    """Many values are one JSON list."""

    waits: Sequence[str] = ("d.blocked = 0", "d.blocked = 1")
    undecided: str = UNDECIDED

    def one_of(self, column: str, number: int) -> str:
        """The condition that a column holds one of the texts given as `number`."""
        return f"{column} IN (SELECT value FROM json_each(?{number}))"

    def among(self, number: int) -> str:
        """The condition that a delivery's place is one of those given as `number`."""
        return self.one_of("d.seq", number)

    def given(self, wanted: Sequence[str] | Sequence[int]) -> str:
        """Texts or places as the one value that `one_of` and `among` look into: a JSON list."""
        return orjson.dumps(list(wanted)).decode()


DIALECT: Final = SqliteDialect()
