"""Verification schemes as values; `verify` proves a request by them."""

from leadbridge.schemes.asymmetric import Ed25519, Rsa
from leadbridge.schemes.jws import Jws
from leadbridge.schemes.kinds import SCHEME, Basic, Digest, Hmac, Scheme, StandardWebhooks, Token, Unsigned
from leadbridge.schemes.layout import Layout
from leadbridge.schemes.placed import BodySecret, UrlSecret

__all__ = [
    "SCHEME",
    "Basic",
    "BodySecret",
    "Digest",
    "Ed25519",
    "Hmac",
    "Jws",
    "Layout",
    "Rsa",
    "Scheme",
    "StandardWebhooks",
    "Token",
    "Unsigned",
    "UrlSecret",
]
