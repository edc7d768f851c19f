"""What may never be printed, said once, beside the field it is about.

A model marks a field `Annotated[str, PERSONAL]` or types it `SecretStr`; `masked` turns the model into something
that logs and error messages may carry.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, SecretStr


class _Personal:
    """Marks a field that tells who a person is."""

    def __repr__(self) -> str:
        return "PERSONAL"


PERSONAL: Final = _Personal()
MASK: Final = "•••"


def masked(value: Any) -> Any:
    """`value` with every declared secret and every declared personal datum replaced by dots.

    Models are walked by their declarations; a mapping or list is walked for the models in it.
    """
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, BaseModel):
        return {name: _masked_field(value, name) for name in value.model_fields_set}
    if isinstance(value, Mapping):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [masked(item) for item in value]
    return value


def _masked_field(model: BaseModel, name: str) -> Any:
    value = getattr(model, name)
    personal = PERSONAL in type(model).model_fields[name].metadata
    if personal and value not in (None, "", (), {}):
        return MASK
    return masked(value)
