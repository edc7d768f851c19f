"""Copper's ids."""

from leadbridge.events import Json


def identifier(value: Json) -> int | None:
    """A Copper id: a positive integer, also when it came as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
