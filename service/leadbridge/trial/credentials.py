"""Headers that may be shown: the credentials in them are dots."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from leadbridge.masking import MASK

_CREDENTIALS: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")


def without_credentials(headers: Mapping[str, str], settings: BaseModel, *, instead: str = MASK) -> dict[str, str]:
    """`headers` with `instead` in the place of every secret of the destination's settings.

    A header that by its name holds a credential, and none of those secrets as it is (one that was encoded), is replaced
    whole.
    """
    secrets = sorted(filter(None, _secrets(settings)), key=len, reverse=True)  # one may be a part of another
    shown = {}
    for name, value in headers.items():
        masked = value
        for secret in secrets:
            masked = masked.replace(secret, instead)
        if masked == value and any(part in name.lower() for part in _CREDENTIALS):
            masked = instead
        shown[name] = masked
    return shown


def _secrets(value: Any) -> Iterator[str]:
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            for name in type(value).model_fields:
                yield from _secrets(getattr(value, name))
        case Mapping():
            for item in value.values():
                yield from _secrets(item)
        case list() | tuple():
            for item in value:
                yield from _secrets(item)
