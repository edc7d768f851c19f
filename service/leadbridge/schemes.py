"""Verification schemes as values: what a source says under `verify:`, or what its preset says for it."""

import base64
import binascii
from collections.abc import Mapping
from functools import cached_property
from string import Formatter
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

HeaderName: TypeAlias = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]

HashName: TypeAlias = Literal["sha1", "sha256", "sha512"]
KeyEncoding: TypeAlias = Literal["utf8", "base64", "hex"]

_PLACES: Final = ("id", "timestamp", "body", "method", "url")
# How Standard Webhooks marks the two halves of an ed25519 key.
_PUBLIC: Final = "whpk_"
_PRIVATE: Final = "whsk_"


def _not_blank(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("a secret must not be empty")
    return secret


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str | SecretStr) else value


Secret: TypeAlias = Annotated[SecretStr, AfterValidator(_not_blank)]
Secrets: TypeAlias = Annotated[
    tuple[Secret, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    Field(
        min_length=1,
        description="The shared secret, or several of them while it is being changed; any may match.",
    ),
]


class _Scheme(BaseModel):
    # Input is hidden because a ValidationError quotes what it refuses, and that may be a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Unsigned(_Scheme):
    """Anyone who knows the URL may post. Must be said, and is warned about."""

    scheme: Literal["none"] = Field(default="none", description="The sender is not verified.")


class Token(_Scheme):
    """The sender puts a shared secret into a header."""

    scheme: Literal["token"] = Field(default="token", description="A shared secret stands in a header.")
    header: HeaderName = Field(default="x-webhook-token", description="The header that holds the token.")
    prefix: str = Field(default="", description='What stands before the token, such as "Bearer ", in any case.')
    secrets: Secrets

    @model_validator(mode="after")
    def _can_arrive(self) -> Self:
        for secret in self.secrets:
            text = secret.get_secret_value()
            if text != text.strip() or not (text.isascii() and text.isprintable()):
                raise ValueError(
                    "a token travels in a header: write it in printable ASCII, with no space at either end"
                )
        return self


class Basic(_Scheme):
    """HTTP Basic authentication (RFC 7617)."""

    scheme: Literal["basic"] = Field(default="basic", description="HTTP Basic authentication.")
    username: str = Field(min_length=1, pattern="^[^:]+$", description="The user name, without a colon.")
    secrets: Secrets = Field(description="The password, or several of them while it is being changed.")


class SignatureParts(_Scheme):
    """A signature header made of named parts, such as `t=1700000000,v1=5257a8…` (Stripe, Calendly)."""

    signature: str = Field(min_length=1, description="The part that holds a signature; it may come several times.")
    timestamp: str | None = Field(default=None, min_length=1, description="The part that holds the timestamp.")
    separator: str = Field(default=",", min_length=1, description="What stands between two parts.")


class Layout(_Scheme):
    """Where the signatures and what is signed with the body stand in a request, and how they are written."""

    header: HeaderName = Field(description="The header that holds the signature.")
    hash: HashName = Field(default="sha256", description="The hash function.")
    encoding: Literal["hex", "base64", "base64url"] = Field(default="hex", description="How the signature is written.")
    prefix: str = Field(default="", description='What stands before each signature, such as "sha256=".')
    separator: str | None = Field(
        default=None,
        min_length=1,
        description="What stands between several signatures in the header; any may match.",
    )
    fields: SignatureParts | None = Field(
        default=None, description="For a header of named parts such as `t=…,v1=…`: which part is what."
    )
    signs: str = Field(
        default="{body}",
        description="What is signed: text around {body}, and {id}, {timestamp}, {method}, {url} where the "
        "vendor has them. Write {{ and }} for braces.",
    )
    id_header: HeaderName | None = Field(default=None, description="The header that holds {id}.")
    timestamp_header: HeaderName | None = Field(default=None, description="The header that holds {timestamp}.")
    timestamp_unit: Literal["s", "ms"] = Field(
        default="s", description="The timestamp counts seconds or milliseconds since 1970."
    )
    tolerance: PositiveInt | Literal["none"] = Field(
        default=300,
        description="Seconds that the timestamp may be off, in the past and in the future, or none.",
    )

    places: ClassVar[tuple[str, ...]] = _PLACES  # what `signs` may hold

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        used = _used(self.signs, self.places)
        in_parts = self.fields is not None and self.fields.timestamp is not None
        problems = {
            "signs must hold {body}: without it the body is not proved": "body" not in used,
            "signs must hold {secret}: without it anyone can sign": "secret" in self.places and "secret" not in used,
            "signs holds {timestamp}, so say where it is: `timestamp_header`, or `fields: {timestamp: …}`": (
                "timestamp" in used and not (self.timestamp_header or in_parts)
            ),
            "a timestamp proves nothing unless it is signed: put {timestamp} into signs": (
                "timestamp" not in used and bool(self.timestamp_header or in_parts)
            ),
            "the timestamp is in `timestamp_header` or in `fields.timestamp`, not in both": (
                self.timestamp_header is not None and in_parts
            ),
            "tolerance and timestamp_unit need a timestamp: say `timestamp_header`, or leave them out": (
                "timestamp" not in used and not self.model_fields_set.isdisjoint({"tolerance", "timestamp_unit"})
            ),
            "signs holds {id}, so say its header: `id_header`": "id" in used and self.id_header is None,
            "an id_header has no effect unless signs holds {id}": "id" not in used and self.id_header is not None,
            "several signatures are in `fields`, or between a `separator`, not both": (
                self.fields is not None and self.separator is not None
            ),
        }
        found = [problem for problem, holds in problems.items() if holds]
        if found:
            raise ValueError("; ".join(found))
        return self


class Hmac(Layout):
    """The sender signs the raw body with a shared secret: every HMAC vendor is a value of this."""

    scheme: Literal["hmac"] = Field(default="hmac", description="An HMAC signature stands in a header.")
    hash: HashName = Field(default="sha256", description="The HMAC's hash function.")
    key_encoding: KeyEncoding = Field(
        default="utf8", description="How the secret becomes the key: as it is written, or decoded."
    )
    key_prefix: str = Field(default="", description="Left out of the secret where it starts with it (`whsec_`).")
    secrets: Secrets

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets as HMAC keys."""
        return tuple(_key(secret, self.key_prefix, self.key_encoding) for secret in self.secrets)

    @model_validator(mode="after")
    def _can_prove(self) -> Self:
        if not all(self.keys):
            raise ValueError("a secret must not be empty")
        return self


class Digest(Layout):
    """The sender puts a plain hash of the secret and the body into a header, as HubSpot's versions 1 and 2 do.

    Weaker than an HMAC: who has seen one signed body can append to it and sign the longer one (length extension).
    """

    scheme: Literal["digest"] = Field(
        default="digest",
        description="A plain hash of secret and body stands in a header: weaker than `hmac`, for senders without it.",
    )
    signs: str = Field(
        default="{secret}{body}",
        description="What is hashed: {secret} and {body}, and {id}, {timestamp}, {method}, {url} where the vendor "
        "has them. Write {{ and }} for braces.",
    )
    secrets: Secrets

    places: ClassVar[tuple[str, ...]] = (*_PLACES, "secret")


def _used(template: str, places: tuple[str, ...]) -> set[str]:
    try:
        parts = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(template)]
    except ValueError as exc:
        raise ValueError(f"signs cannot be read ({exc}): write {{{{ and }}}} for braces") from exc
    named = [part for part in parts if part[0] is not None]
    for name, spec, conversion in named:
        if name not in places or spec or conversion:
            raise ValueError(f"signs knows {', '.join(f'{{{place}}}' for place in places)}, not {{{name}}}")
    return {str(name) for name, _, _ in named}


def _key(secret: SecretStr, prefix: str, encoding: KeyEncoding) -> bytes:
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


class StandardWebhooks(_Scheme):
    """https://www.standardwebhooks.com, also as Svix sends it, with shared secrets and with ed25519 keys.

    A shared secret (`whsec_…`) proves `v1,` signatures, the sender's public key (`whpk_…`) proves `v1a,` ones, and
    neither ever proves the other kind: a public key is no secret, so it must never become an HMAC key.
    """

    scheme: Literal["standard-webhooks"] = Field(
        default="standard-webhooks", description="The Standard Webhooks signature, also with svix-* headers."
    )
    secrets: Secrets = Field(
        description="The secret, `whsec_…`, or the sender's public key, `whpk_…`; several of them while it is changed."
    )

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The shared secrets as HMAC keys."""
        return tuple(_key(secret, "whsec_", "base64") for secret in self.secrets if not _is_public(secret))

    @cached_property
    def public_keys(self) -> tuple[Ed25519PublicKey, ...]:
        """The senders' public keys."""
        return tuple(_public_key(secret) for secret in self.secrets if _is_public(secret))

    def layout(self, headers: Mapping[str, str]) -> Layout:
        """Where things stand, by the header names that a request uses."""
        return _SVIX if "svix-signature" in headers and "webhook-signature" not in headers else _STANDARD

    @model_validator(mode="after")
    def _can_prove(self) -> Self:
        if any(secret.get_secret_value().startswith(_PRIVATE) for secret in self.secrets):
            raise ValueError("a private key, `whsk_…`, stays with the sender: write its public one, `whpk_…`")
        if not all(self.keys) or not (self.keys or self.public_keys):
            raise ValueError("a secret must not be empty")
        return self


def _standard(family: str) -> Layout:
    return Layout(
        header=f"{family}-signature",
        encoding="base64",
        prefix="v1,",
        separator=" ",
        signs="{id}.{timestamp}.{body}",
        id_header=f"{family}-id",
        timestamp_header=f"{family}-timestamp",
    )


def _is_public(secret: SecretStr) -> bool:
    return secret.get_secret_value().startswith(_PUBLIC)


def _public_key(secret: SecretStr) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(_key(secret, _PUBLIC, "base64"))
    except ValueError as exc:
        raise ValueError("a public key, `whpk_…`, is 32 bytes in base64: copy it whole from the sender") from exc


_STANDARD: Final = _standard("webhook")
_SVIX: Final = _standard("svix")

Scheme: TypeAlias = Annotated[
    Unsigned | Token | Basic | Hmac | Digest | StandardWebhooks,
    Field(discriminator="scheme", description="The verification."),
]
# A mapping, as the configuration has it, to its scheme.
SCHEME: Final[TypeAdapter[Scheme]] = TypeAdapter(Scheme, config=ConfigDict(hide_input_in_errors=True))
