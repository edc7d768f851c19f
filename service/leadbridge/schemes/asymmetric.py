"""Schemes whose sender signs with a private key: all that is known here is the public one, which is no secret."""

from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from leadbridge.schemes.layout import Layout
from leadbridge.schemes.secrets import Secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


class _Signature(Layout):
    encoding: Literal["hex", "base64", "base64url"] = Field(
        default="base64", description="How the signature is written."
    )
    secrets: Secrets = Field(
        description="The sender's public key as it publishes it (PEM; `\\n` may stand for the line breaks), or several "
        "of them while it is changed."
    )


class Rsa(_Signature):
    """The sender signs the raw body with an RSA key (PKCS #1 v1.5)."""

    scheme: Literal["rsa"] = Field(default="rsa", description="An RSA signature stands in a header.")
    hash: Literal["sha256", "sha512"] = Field(default="sha256", description="The signature's hash function.")

    @cached_property
    def public_keys(self) -> "tuple[RSAPublicKey, ...]":
        """The sender's public keys."""
        from leadbridge.schemes.pem import rsa_key  # noqa: PLC0415  # see there

        return tuple(rsa_key(secret) for secret in self.secrets)

    @model_validator(mode="after")
    def _can_prove(self) -> Self:
        _ = self.public_keys
        return self


class Ed25519(_Signature):
    """The sender signs the raw body with an ed25519 key."""

    scheme: Literal["ed25519"] = Field(default="ed25519", description="An ed25519 signature stands in a header.")

    @cached_property
    def public_keys(self) -> "tuple[Ed25519PublicKey, ...]":
        """The sender's public keys."""
        from leadbridge.schemes.pem import ed25519_key  # noqa: PLC0415  # see there

        return tuple(ed25519_key(secret) for secret in self.secrets)

    @model_validator(mode="after")
    def _can_prove(self) -> Self:
        _ = self.public_keys
        return self
