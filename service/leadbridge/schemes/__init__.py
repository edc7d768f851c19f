"""Verification schemes as values; `verify` proves a request by them."""

from leadbridge.schemes.kinds import SCHEME, Basic, Digest, Hmac, Scheme, StandardWebhooks, Token, Unsigned
from leadbridge.schemes.layout import Layout

__all__ = ["SCHEME", "Basic", "Digest", "Hmac", "Layout", "Scheme", "StandardWebhooks", "Token", "Unsigned"]
