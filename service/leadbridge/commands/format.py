"""The two ways a command shows its result."""

from enum import StrEnum


class Format(StrEnum):
    """How a command shows its result."""

    TEXT = "text"
    JSON = "json"
