"""Many short values as one: asyncpg looks into each value of an array for another array, and an accept has twenty."""

from collections.abc import Sequence, Set
from typing import Any, Final

from leadbridge.store.postgres.connection import storable

_SEPARATOR: Final = "\x1f"  # U+001F, which separates units; JSON, ids and names hold none


def list_in(number: int) -> str:
    """The list of texts that the statement's value of this number is packed from."""
    return f"string_to_array(${number}, E'\\x1f')"


def packed(rows: Sequence[Sequence[Any]], count: int, *, apart: Set[int]) -> list[Any]:
    """Each of `count` columns of some rows as one text for `list_in`, but those `apart` as lists that `unnest` takes.

    What is packed is never empty or missing, and holds no U+001F.
    """
    if not rows:
        return [[] if index in apart else "" for index in range(count)]
    return [
        [storable(value) for value in column] if index in apart else _SEPARATOR.join(map(str, column))
        for index, column in enumerate(zip(*rows, strict=True))
    ]
