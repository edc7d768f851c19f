"""Public keys as vendors publish them: PEM, also on one line as environment variables hold it."""

import base64
import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from pydantic import SecretStr

_BEGIN: Final = "-----BEGIN "
_PRIVATE: Final = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY")
_FEWEST_BITS: Final = 2_048  # shorter RSA keys can be broken


def rsa_key(secret: SecretStr) -> RSAPublicKey:
    """The public key; raises `ValueError` when it is none, or too short to prove anything."""
    key = _public_key(secret)
    if isinstance(key, RSAPublicKey):
        if key.key_size < _FEWEST_BITS:
            raise ValueError(
                f"an RSA key of {key.key_size} bits proves nothing, so write one of {_FEWEST_BITS:,} or more"
            )
        return key
    raise ValueError("the public key is no RSA key: copy the one that the sender publishes for this signature")


def ed25519_key(secret: SecretStr) -> Ed25519PublicKey:
    """The public key; raises `ValueError` when it is none."""
    key = _public_key(secret)
    if isinstance(key, Ed25519PublicKey):
        return key
    raise ValueError("the public key is no ed25519 key: copy the one that the sender publishes for this signature")


def looks_like_pem(secret: SecretStr) -> bool:
    """Whether it is a key of the kind that has a public half: never an HMAC key, since everybody may know it."""
    return secret.get_secret_value().lstrip().startswith(_BEGIN)


def _public_key(secret: SecretStr) -> PublicKeyTypes:
    text = secret.get_secret_value().replace("\\n", "\n").strip()
    if _PRIVATE.match(text):
        raise ValueError("a private key stays with the sender: write its public one")
    try:
        if text.startswith(_BEGIN):
            return load_pem_public_key(text.encode())
        return load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise ValueError("a public key is PEM, from -----BEGIN PUBLIC KEY----- on: copy it whole") from exc
