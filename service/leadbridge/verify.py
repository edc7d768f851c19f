"""Verify: who sent this, proved on the raw bytes before anything else reads them.

Everything is compared as bytes and in constant time, every secret is tried, and whatever a stranger sends ends in a
`SignatureError` with a reason, never in another exception.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from leadbridge.bodies import read_document
from leadbridge.clock import Millis
from leadbridge.credentials import LONGEST_SOUGHT, MOST_SOUGHT, in_body, secrets_in_query, without_credentials
from leadbridge.errors import SignatureError, Unparseable
from leadbridge.events import Json, Received, Verified
from leadbridge.jws import payload_of, verify_jws
from leadbridge.redactions import (
    LONGEST_SECRET,
    SHORTEST_SECRET,
    redacted,
    redacted_headers,
    redacted_text,
    replaced,
    replaced_wide,
    without_values_of,
    written_instead,
)
from leadbridge.schemes import Basic, BodySecret, Scheme, Token, UrlSecret
from leadbridge.signatures import any_equal, bytes_of, header_of, refuse, unbase64, verify_signature
from leadbridge.sources.places import at

_MULTIPART: Final = "multipart/"


def verify(scheme: Scheme, request: Received, *, now: Millis, secrets_at: Sequence[str] = ()) -> Verified:
    """The request with its sender proved, and without the credentials that came with it.

    `secrets_at` are the places in the body that hold secrets whatever the scheme is: they are masked too. Raises
    `SignatureError` with the reason when the sender is not proved.
    """
    # By its name: whether something is one of pydantic's models takes as long as comparing a token.
    payload: bytes | None = None
    if scheme.scheme == "token":
        _verify_token(scheme, request)
    elif scheme.scheme == "basic":
        _verify_basic(scheme, request)
    elif scheme.scheme == "body":
        _verify_in_body(scheme, request)
    elif scheme.scheme == "url":
        _verify_in_url(scheme, request)
    elif scheme.scheme == "jws":
        payload = verify_jws(scheme, request, now=now)
    elif scheme.scheme != "none":
        verify_signature(scheme, request, now=now)
    return _verified(scheme, request, payload, secrets_at, verified=scheme.scheme != "none")


def unproved(scheme: Scheme, request: Received, *, secrets_at: Sequence[str] = ()) -> Verified:
    """The request as its next stages would get it, without its credentials and without any proof."""
    try:
        return _verified(scheme, request, None, secrets_at, verified=False)
    except SignatureError:  # so many secrets that nobody would have sent them
        return _verified(scheme, request, None, (), verified=False)


def stored(scheme: Scheme, request: Received, *, verified: bool) -> Verified:
    """A request that was verified before it was stored, as it is parsed again."""
    body = request.body
    payload = payload_of(scheme, body) if scheme.scheme == "jws" else body
    return Verified(request=request, payload=payload, verified=verified)


def _verified(
    scheme: Scheme, request: Received, payload: bytes | None, secrets_at: Sequence[str], *, verified: bool
) -> Verified:
    """What is parsed is without the secrets too, so that they get into no event."""
    kept = without_credentials(request, own=scheme.header if scheme.scheme == "token" else None)
    if payload is None and scheme.scheme == "jws":
        payload = payload_of(scheme, request.body)
    read = request.body if payload is None else payload
    hidden = _texts(scheme)
    in_query = secrets_in_query(request.url) if "?" in request.url else []
    pairs = [pair for name, value in in_query for pair in in_body(name, value)]
    if secrets_at:
        pairs += [pair for text in _secrets_in(request, read, secrets_at) for pair in written_instead(text)]
    if hidden or pairs:
        in_headers = pairs + [pair for _, value in in_query for pair in written_instead(unquote_plus(value))]
        kept = replace(
            kept, url=redacted_text(kept.url, hidden), headers=redacted_headers(kept.headers, hidden, in_headers)
        )
    if not (hidden or pairs or secrets_at):
        return Verified(request=kept, payload=read, verified=verified)
    masked = _masked(read, hidden, pairs, secrets_at)
    if payload is None or masked != payload:  # what a signature holds in base64 is stored as it is read
        kept = replace(kept, body=masked)
    return Verified(request=kept, payload=masked, verified=verified)


def _masked(
    text: bytes, hidden: tuple[str, ...], pairs: Sequence[tuple[bytes, bytes]], secrets_at: Sequence[str]
) -> bytes:
    for place in secrets_at:
        if "." not in place:  # the last part of a longer one may be anything's name
            text = without_values_of(place, text)
    if b"\0" in text:
        text = replaced_wide(text, [*pairs, *(pair for secret in hidden for pair in written_instead(secret))])
    return replaced(redacted(text, hidden), pairs)


def _texts(scheme: Scheme) -> tuple[str, ...]:
    """The secrets that a request may hold as text."""
    if scheme.scheme == "body":
        return scheme.texts
    return scheme.texts if scheme.scheme == "url" else ()


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


def _verify_in_body(scheme: BodySecret, request: Received) -> None:
    # Text in UTF-16 reads as well, and nothing would be found in it to mask.
    if b"\0" in request.body and not request.content_type.startswith(_MULTIPART):
        refuse("malformed_body")
    try:
        said = at(read_document(request.body, request.headers).value, scheme.field)
    except Unparseable:
        refuse("malformed_body")
    _compare(scheme, said)


def _verify_in_url(scheme: UrlSecret, request: Received) -> None:
    try:
        pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        refuse("malformed_secret")
    said = [value for name, value in pairs if name == scheme.parameter]
    _compare(scheme, said[0] if len(said) == 1 else said or None)


def _compare(scheme: BodySecret | UrlSecret, said: Json) -> None:
    if said is None or said == "":
        refuse("missing_secret")
    if not isinstance(said, str) or len(said) > LONGEST_SECRET:
        refuse("malformed_secret")
    if not any_equal(said.encode("utf-8", "replace"), scheme.keys):
        refuse("wrong_secret")


def _secrets_in(request: Received, read: bytes, places: Sequence[str]) -> tuple[str, ...]:
    """What stands at the places where a sender puts secrets, and may stand elsewhere too."""
    try:
        document = read_document(read, request.headers).value
    except Unparseable:  # their values are masked by the places' names
        return ()
    found = [at(document, place) for place in places]
    texts = [text for one in found for text in (one if isinstance(one, list) else [one]) if isinstance(text, str)]
    if len(texts) > MOST_SOUGHT:
        refuse("malformed_secret")
    return tuple(text for text in texts if len(text.strip()) >= SHORTEST_SECRET and len(text) <= LONGEST_SOUGHT)
