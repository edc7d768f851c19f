"""Keys of senders that sign with a private one. Made when a test asks for them: a repository holds no private keys."""

from functools import cache
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey
_BITS: Final = 2_048  # the fewest that are taken


@cache
def rsa_key(_number: int = 0, *, bits: int = _BITS) -> RSAPrivateKey:
    """An RSA key; another one for another number."""
    return generate_private_key(public_exponent=65_537, key_size=bits)


def ed25519_key(number: int = 0) -> Ed25519PrivateKey:
    """An ed25519 key; another one for another number."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number + 1]) * 32)


def public_pem(key: PrivateKey) -> str:
    """Its public half, as a vendor publishes it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_for(scheme: str, number: int = 0) -> PrivateKey:
    """A key with which a sender signs under a scheme of public keys."""
    return ed25519_key(number) if scheme == "ed25519" else rsa_key(number)
