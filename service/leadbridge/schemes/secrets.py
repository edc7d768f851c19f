"""The secrets of a scheme: never empty, never shown, and the keys that are made of them."""

import base64
import binascii
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from leadbridge.redactions import LONGEST_SECRET, SHORTEST_SECRET

KeyEncoding: TypeAlias = Literal["utf8", "base64", "hex"]

# How Standard Webhooks marks the two halves of an ed25519 key.
PUBLIC: Final = "whpk_"
_PRIVATE: Final = "whsk_"
PEM: Final = "-----BEGIN "


def _not_blank(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("a secret must not be empty")
    return secret


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str | SecretStr) else value


def _in_a_header(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text != text.strip() or not (text.isascii() and text.isprintable()):
        raise ValueError("a token travels in a header: write it in printable ASCII, with no space at either end")
    return secret


def _masked_wherever(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    fits = SHORTEST_SECRET <= len(text) <= LONGEST_SECRET and text.isascii() and text.isprintable()
    if not fits or text != text.strip():
        raise ValueError(
            f"a secret in a body or a URL must be {SHORTEST_SECRET} to {LONGEST_SECRET} characters of "
            "printable ASCII, with no space at either end, since it is masked wherever it stands"
        )
    return secret


Secret: TypeAlias = Annotated[SecretStr, AfterValidator(_not_blank)]
# Each is judged by itself, so that what is wrong with one is said beside another that is not known yet.
TokenSecret: TypeAlias = Annotated[Secret, AfterValidator(_in_a_header)]
PlacedSecret: TypeAlias = Annotated[Secret, AfterValidator(_masked_wherever)]
Secrets: TypeAlias = Annotated[
    tuple[Secret, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    Field(
        min_length=1,
        description="The shared secret, or several of them while it is being changed; any may match.",
    ),
]
TokenSecrets: TypeAlias = Annotated[
    tuple[TokenSecret, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
PlacedSecrets: TypeAlias = Annotated[
    tuple[PlacedSecret, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]


def key_of(secret: SecretStr, prefix: str, encoding: KeyEncoding) -> bytes:
    """The key that a secret is, without its prefix; raises `ValueError` when it is not so encoded."""
    text = secret.get_secret_value().removeprefix(prefix)
    try:
        match encoding:
            case "utf8":
                return text.encode()
            case "hex":
                return bytes.fromhex(text)
            case "base64":
                return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError(f"a secret is not {encoding}, as this scheme has it: copy it whole from the sender") from exc


def is_public(secret: SecretStr) -> bool:
    """Whether it is a sender's public key, which proves `v1a,` signatures alone."""
    return secret.get_secret_value().startswith(PUBLIC)


def is_private(secret: SecretStr) -> bool:
    """Whether it is a private key, which has no place here."""
    return secret.get_secret_value().startswith(_PRIVATE)


def looks_like_pem(secret: SecretStr) -> bool:
    """Whether it is a key of the kind that has a public half: never an HMAC key, since everybody may know it."""
    return secret.get_secret_value().lstrip().startswith(PEM)
