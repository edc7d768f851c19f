"""JSON Web Signatures (RFC 7515), beside the body or in place of it."""

from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from leadbridge.schemes.layout import HeaderName, Strict
from leadbridge.schemes.secrets import Secrets, looks_like_pem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


class Jws(Strict):
    """The sender sends a JSON Web Signature.

    It stands in a header and holds the body's hash (Netlify), or it is the whole body (Wix), and its claims are read.
    """

    scheme: Literal["jws"] = Field(default="jws", description="A JSON Web Signature stands in a header or is the body.")
    algorithm: Literal["HS256", "RS256"] = Field(
        description="How it is signed: HS256 with a shared secret, RS256 with the sender's RSA key. No other is taken, "
        "whatever the signature says of itself."
    )
    header: HeaderName | None = Field(
        default=None, description="The header that holds the signature; unless given, the whole body is one."
    )
    body_hash: Literal["sha256", "sha512"] | None = Field(
        default=None,
        description="The claim that holds the body's hash in hex, made by the hash function of this name; needed with "
        "`header`.",
    )
    issuer: str | None = Field(default=None, min_length=1, description="What the claim `iss` must say.")
    payload: str | None = Field(
        default=None,
        min_length=1,
        description="The claim that holds the submission, where the whole body is the signature; all unless given.",
    )
    tolerance: PositiveInt = Field(
        default=300, description="Seconds that clocks may differ by where the claims `exp`, `nbf` or `iat` are there."
    )
    secrets: Secrets = Field(
        description="The shared secret (HS256), or the sender's public key in PEM (RS256); several of them while it is "
        "changed."
    )

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The shared secrets of HS256."""
        return tuple(secret.get_secret_value().encode() for secret in self.secrets) if self.algorithm == "HS256" else ()

    @cached_property
    def public_keys(self) -> "tuple[RSAPublicKey, ...]":
        """The sender's public keys of RS256."""
        if self.algorithm != "RS256":
            return ()
        from leadbridge.schemes.pem import rsa_key  # noqa: PLC0415  # see there

        return tuple(rsa_key(secret) for secret in self.secrets)

    @model_validator(mode="after")
    def _can_prove(self) -> Self:
        problems = {
            "the signature stands beside the body, so say which claim holds its hash: `body_hash: sha256`": (
                self.header is not None and self.body_hash is None
            ),
            "no claim can hold the hash of a body that is the signature: say its `header`, or leave out body_hash": (
                self.header is None and self.body_hash is not None
            ),
            "what is read is the body beside the header, so write no payload": (
                self.header is not None and self.payload is not None
            ),
            "a public key is known to everybody and cannot be an HS256 secret: say `algorithm: RS256`": (
                self.algorithm == "HS256" and any(looks_like_pem(secret) for secret in self.secrets)
            ),
        }
        found = [problem for problem, holds in problems.items() if holds]
        if found:
            raise ValueError("; ".join(found))
        _ = self.public_keys
        return self
