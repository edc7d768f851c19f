"""Verify: who sent this, proved on the raw bytes before anything else reads them.

Everything is compared as bytes and in constant time, every secret is tried, and whatever a stranger sends ends in a
`SignatureError` with a reason, never in another exception.
"""

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from leadbridge.clock import Millis
from leadbridge.events import Received, Verified
from leadbridge.masking import MASK
from leadbridge.schemes import Basic, Digest, Hmac, Scheme, StandardWebhooks, Token, Unsigned
from leadbridge.signatures import any_equal, bytes_of, header_of, refuse, sign_with, unbase64, verify_signature

_USUAL_NAMES: Final = 1_024  # characters of all headers' names; what is said of more is not remembered
# Headers with one of these in their name prove a sender or hold a session: never stored, whatever the scheme.
_CREDENTIALS: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")


def verify(scheme: Scheme, request: Received, *, now: Millis) -> Verified:
    """The request with its sender proved, and without the credentials that came with it.

    Raises `SignatureError` with the reason when the sender is not proved.
    """
    # By its name: whether something is one of pydantic's models takes as long as comparing a token.
    if scheme.scheme == "token":
        _verify_token(scheme, request)
    elif scheme.scheme == "basic":
        _verify_basic(scheme, request)
    elif scheme.scheme != "none":
        verify_signature(scheme, request, now=now)
    return Verified(request=_redacted(scheme, request), payload=request.body, verified=scheme.scheme != "none")


def sign(scheme: Scheme, *, method: str, url: str, body: bytes, message_id: str, now: Millis) -> dict[str, str]:
    """The headers by which a sender proves itself under `scheme`, with the first secret.

    Raises `UsageError` when all that is known is a public key, which proves and cannot sign.
    """
    match scheme:
        case Unsigned():
            return {}
        case Token():
            return {scheme.header: scheme.prefix + scheme.secrets[0].get_secret_value()}
        case Basic():
            pair = f"{scheme.username}:{scheme.secrets[0].get_secret_value()}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case Hmac() | Digest() | StandardWebhooks():
            return sign_with(scheme, method=method, url=url, body=body, message_id=message_id, now=now)


def _verify_token(scheme: Token, request: Received) -> None:
    given = header_of(request.headers, scheme.header)
    if given[: len(scheme.prefix)].lower() != scheme.prefix.lower():
        refuse("malformed_header")
    token = bytes_of(given[len(scheme.prefix) :].strip())
    if not any_equal(token, [secret.get_secret_value().encode() for secret in scheme.secrets]):
        refuse("wrong_token")


def _verify_basic(scheme: Basic, request: Received) -> None:
    kind, _, encoded = header_of(request.headers, "authorization").partition(" ")
    pair = unbase64(encoded.strip()) if kind.lower() == "basic" else None
    if pair is None or b":" not in pair:
        refuse("malformed_header")
    known = [f"{scheme.username}:{secret.get_secret_value()}".encode() for secret in scheme.secrets]
    if not any_equal(pair, known):
        refuse("wrong_password")


def _redacted(scheme: Scheme, request: Received) -> Received:
    names = "\n".join(request.headers)
    hidden = (_credentials if len(names) <= _USUAL_NAMES else _credentials.__wrapped__)(names)
    own = scheme.header if scheme.scheme == "token" else None
    if own is None and not hidden:
        return request
    return Received(
        source=request.source,
        method=request.method,
        url=request.url,
        headers={**request.headers, **hidden} if own is None else {**request.headers, **hidden, own: MASK},
        body=request.body,
        received_at=request.received_at,
    )


@lru_cache(maxsize=1_024)
def _credentials(names: str) -> Mapping[str, str]:
    """Those of some headers' names (with a line break between two) that are never stored, with what is in their place.

    A sender's requests have the same ones again and again.
    """
    return {name: MASK for name in names.split("\n") if any(part in name for part in _CREDENTIALS)}
