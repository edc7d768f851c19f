"""Public keys as vendors publish them, and what they prove: PEM, also on one line as environment variables hold it.

Only configurations with such a key import this, while they are loaded: cryptography is a part of every start otherwise.
"""

import base64
import re
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from pydantic import SecretStr

from leadbridge.schemes.secrets import PEM, PUBLIC, key_of

HASHES: Final = {"sha256": SHA256(), "sha512": SHA512()}  # of RSA signatures
_PRIVATE: Final = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY")
_FEWEST_BITS: Final = 2_048  # shorter RSA keys can be broken

PublicKey: TypeAlias = RSAPublicKey | Ed25519PublicKey


def is_signed_by(key: PublicKey, signature: bytes, message: bytes, *, algorithm: str = "sha256") -> bool:
    """Whether the owner of the key signed the message; an RSA signature is one of `algorithm`, by PKCS #1 v1.5."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            key.verify(signature, message, PKCS1v15(), HASHES[algorithm])
    except InvalidSignature:
        return False
    return True


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


def public_key(secret: SecretStr) -> Ed25519PublicKey:
    """The public key of Standard Webhooks; raises `ValueError` when it is none."""
    try:
        return Ed25519PublicKey.from_public_bytes(key_of(secret, PUBLIC, "base64"))
    except ValueError as exc:
        raise ValueError("a public key, `whpk_…`, is 32 bytes in base64: copy it whole from the sender") from exc


def _public_key(secret: SecretStr) -> PublicKeyTypes:
    text = secret.get_secret_value().replace("\\n", "\n").strip()
    if _PRIVATE.match(text):
        raise ValueError("a private key stays with the sender: write its public one")
    try:
        if text.startswith(PEM):
            return load_pem_public_key(text.encode())
        return load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise ValueError("a public key is PEM, from -----BEGIN PUBLIC KEY----- on: copy it whole") from exc
