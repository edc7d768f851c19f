"""What may never be printed, said once, beside the field it is about.

A model marks a field `Annotated[str, PERSONAL]` or types it `SecretStr`; `masked` turns the model into something
that logs and error messages may carry. `harmless` is for text that may be shown but was written by a stranger.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr


class _Personal:
    """Marks a field that tells who a person is."""

    def __repr__(self) -> str:
        return "PERSONAL"


PERSONAL: Final = _Personal()
MASK: Final = "•••"

# Control characters (ANSI escapes begin with one), line separators, what turns the direction of text, and halves of
# surrogate pairs, which no terminal or file takes.
_HOSTILE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def masked(value: Any) -> Any:
    """`value` with every declared secret and every declared personal datum replaced by dots.

    Models are walked by their declarations: set fields in their order, unset ones are left out. Mappings, lists,
    tuples and sets are walked for the models in them.
    """
    match value:
        case SecretStr() | SecretBytes():
            return MASK
        case BaseModel():
            return {name: _masked_field(value, name) for name in _set_fields(value)}
        case Mapping():
            return {key: masked(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [masked(item) for item in value]
    return value


def harmless(text: str) -> str:
    r"""`text` in one line and without power over a terminal: `\n` for a line break, `\x1b` for an escape."""
    return _HOSTILE.sub(lambda found: _ESCAPES.get(found[0]) or _escaped(found[0]), text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _set_fields(model: BaseModel) -> list[str]:
    declared = [name for name in type(model).model_fields if name in model.model_fields_set]
    return [*declared, *(model.model_extra or {})]


def _masked_field(model: BaseModel, name: str) -> Any:
    value = getattr(model, name)
    field = type(model).model_fields.get(name)
    if field is not None and PERSONAL in field.metadata and value not in (None, "", (), {}):
        return MASK
    return masked(value)
