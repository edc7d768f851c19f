"""What both CRMs think of an e-mail address."""

import re
from typing import Final

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def is_email(text: str) -> bool:
    """Whether `text` has an e-mail address's form."""
    return _EMAIL.fullmatch(text) is not None


def email_key(text: str) -> str:
    """By what addresses are compared: trimmed, in lower case."""
    return text.strip().lower()
