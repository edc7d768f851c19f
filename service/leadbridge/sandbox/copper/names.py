"""How Copper reads a full name into its parts, and parts into a name."""

from collections.abc import Mapping
from typing import Final

PARTS: Final = ("prefix", "first_name", "middle_name", "last_name", "suffix")
_PREFIXES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir"})
_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "cpa"})


def split_name(name: str) -> dict[str, str | None]:
    """Every part of `name`; "My Lead" is the first name My and the last name Lead."""
    words = name.split()
    prefix = words.pop(0) if len(words) > 1 and _bare(words[0]) in _PREFIXES else None
    suffix = words.pop() if len(words) > 2 and _bare(words[-1]) in _SUFFIXES else None
    last = words.pop() if len(words) > 1 else None
    first = words.pop(0) if words else None
    return {
        "prefix": prefix,
        "first_name": first,
        "middle_name": " ".join(words) or None,
        "last_name": last,
        "suffix": suffix.strip(",") if suffix else None,
    }


def join_name(parts: Mapping[str, str | None]) -> str:
    """The full name that parts make."""
    return " ".join(part for key in PARTS if (part := parts.get(key)))


def _bare(word: str) -> str:
    return word.replace(".", "").strip(",").lower()
