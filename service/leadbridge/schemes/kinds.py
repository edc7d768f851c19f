"""The schemes: what a source says under `verify:`, or what its preset says for it."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from leadbridge.schemes.asymmetric import Ed25519, Rsa
from leadbridge.schemes.jws import Jws
from leadbridge.schemes.layout import PLACES, HashName, HeaderName, Layout, Strict
from leadbridge.schemes.placed import BodySecret, UrlSecret
from leadbridge.schemes.secrets import KeyEncoding, Secrets, TokenSecrets, is_private, is_public, key_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Unsigned(Strict):
    """Anyone who knows the URL may post. Must be said, and is warned about."""

    scheme: Literal["none"] = Field(default="none", description="The sender is not verified.")


class Token(Strict):
    """The sender puts a shared secret into a header."""

    scheme: Literal["token"] = Field(default="token", description="A shared secret stands in a header.")
    header: HeaderName = Field(default="x-webhook-token", description="The header that holds the token.")
    prefix: str = Field(default="", description='What stands before the token, such as "Bearer ", in any case.')
    secrets: TokenSecrets = Field(
        description="The shared secret, or several of them while it is being changed; any may match."
    )


class Basic(Strict):
    """HTTP Basic authentication (RFC 7617)."""

    scheme: Literal["basic"] = Field(default="basic", description="HTTP Basic authentication.")
    username: str = Field(min_length=1, pattern="^[^:]+$", description="The user name, without a colon.")
    secrets: Secrets = Field(description="The password, or several of them while it is being changed.")


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
        return tuple(key_of(secret, self.key_prefix, self.key_encoding) for secret in self.secrets)

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
    hash: HashName = Field(default="sha256", description="The hash function.")
    signs: str = Field(
        default="{secret}{body}",
        description="What is hashed: {secret} and {body}, and {id}, {timestamp}, {method}, {url} where the vendor "
        "has them. Write {{ and }} for braces.",
    )
    secrets: Secrets

    places: ClassVar[tuple[str, ...]] = (*PLACES, "secret")


class StandardWebhooks(Strict):
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
        return tuple(key_of(secret, "whsec_", "base64") for secret in self.secrets if not is_public(secret))

    @cached_property
    def public_keys(self) -> "tuple[Ed25519PublicKey, ...]":
        """The senders' public keys."""
        written = [secret for secret in self.secrets if is_public(secret)]
        if not written:
            return ()
        from leadbridge.schemes.pem import public_key  # noqa: PLC0415  # see there

        return tuple(public_key(secret) for secret in written)

    def layout(self, headers: Mapping[str, str]) -> Layout:
        """Where things stand, by the header names that a request uses."""
        return _SVIX if "svix-signature" in headers and "webhook-signature" not in headers else _STANDARD

    @model_validator(mode="after")
    def _can_prove(self) -> Self:
        if any(is_private(secret) for secret in self.secrets):
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


_STANDARD: Final = _standard("webhook")
_SVIX: Final = _standard("svix")

Scheme: TypeAlias = Annotated[
    Unsigned | Token | Basic | Hmac | Digest | StandardWebhooks | Jws | Rsa | Ed25519 | BodySecret | UrlSecret,
    Field(discriminator="scheme", description="The verification."),
]
# A mapping, as the configuration has it, to its scheme.
SCHEME: Final[TypeAdapter[Scheme]] = TypeAdapter(Scheme, config=ConfigDict(hide_input_in_errors=True, defer_build=True))
