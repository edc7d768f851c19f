"""E-mail addresses, as forms have them, trimmed and lower-cased."""

import re
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

from leadbridge.expressions.errors import Unreadable

_MAX_LENGTH: Final = 2_000  # characters of one field
_ANGLED: Final = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")  # Ann <ann@example.com>
_BETWEEN: Final = re.compile(r"[,;|\s]+")

# The validator refuses reserved names such as `.local` and `.invalid`, which only a look-up of the domain could care
# about; below a name of its own for tests it checks the syntax alone.
_UNRESERVED: Final = ".test"


def read_emails(text: str) -> tuple[str, ...]:
    """The addresses that one field holds, whatever words stand between them. Nothing is looked up.

    Raises Unreadable when there is none, or when something with an @-sign is none.
    """
    if len(text) > _MAX_LENGTH:
        raise Unreadable("is too long for an e-mail address")
    pieces = _ANGLED.findall(text) or [piece for piece in _BETWEEN.split(text) if "@" in piece] or [text]
    try:
        return tuple(dict.fromkeys(_address(piece) for piece in pieces))
    except EmailNotValidError as error:
        raise Unreadable(f"is no e-mail address: {error}") from None


@lru_cache(maxsize=256)  # every route of a submission asks for the same addresses
def _address(text: str) -> str:
    bare = text.strip().strip("<>,;").removeprefix("mailto:").rstrip(".")
    _, at, domain = bare.rpartition("@")
    if not at:
        raise EmailNotValidError("it has no @-sign.")
    if not domain:
        raise EmailNotValidError("there is nothing after the @-sign.")
    if "." not in domain:
        raise EmailNotValidError("there is no period after the @-sign.")
    found = validate_email(f"{bare}{_UNRESERVED}", check_deliverability=False, test_environment=True)
    return found.normalized.removesuffix(_UNRESERVED).lower()
