"""Verify: who sent this, proved on the raw bytes before anything else reads them.

Everything is compared as bytes and in constant time, every secret is tried, and whatever a stranger sends ends in a
`SignatureError` with a reason, never in another exception.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from leadbridge.bodies import read_document
from leadbridge.clock import Millis
from leadbridge.errors import SignatureError, Unparseable
from leadbridge.events import Json, Received, Verified
from leadbridge.jws import payload_of, verify_jws
from leadbridge.masking import MASK
from leadbridge.redactions import (
    HIDDEN,
    LONGEST_SECRET,
    SHORTEST_SECRET,
    as_wide,
    redacted,
    redacted_headers,
    redacted_text,
    replaced,
    without_values_of,
    written_instead,
)
from leadbridge.schemes import Basic, BodySecret, Scheme, Token, UrlSecret
from leadbridge.signatures import any_equal, bytes_of, header_of, refuse, unbase64, verify_signature
from leadbridge.sources.places import at

_USUAL_NAMES: Final = 1_024  # characters of all headers' names; what is said of more is not remembered
# Headers with one of these in their name prove a sender or hold a session: never stored, whatever the scheme.
_CREDENTIALS: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")
_TELLS_APART: Final = frozenset({"idempotency", "dedupe", "deduplication", "message", "event", "routing", "partition"})
# Parameters of URLs are named as people need them, in words (`api_key`, `apiKey`, `auth[token]`).
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS: Final = frozenset({"auth", "authorization", "key", "apikey", "pass", "passwd", "pwd"})
_SECRET_ENDINGS: Final = ("token", "secret", "password")
_SHORT: Final = 8  # characters; a shorter value of such a parameter is masked in the URL alone: `?key=1` is a figure
_LONG: Final = 2_048  # characters; longer ones are masked at their own places alone, since writing them takes time
_MOST_SECRETS: Final = 8  # beside the source's own: looking for each takes time, and anyone may send many
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
    kept = _without_credentials(scheme, request)
    if payload is None and scheme.scheme == "jws":
        payload = payload_of(scheme, request.body)
    read = request.body if payload is None else payload
    hidden = _texts(scheme)
    in_query = _secrets_in_query(request.url) if "?" in request.url else []
    pairs = [pair for name, value in in_query for pair in _in_body(name, value)]
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
        text = replaced(text, as_wide([*pairs, *(pair for secret in hidden for pair in written_instead(secret))]))
    return replaced(redacted(text, hidden), pairs)


def _in_body(name: str, value: str) -> list[tuple[bytes, bytes]]:
    """A parameter as it stands where a body repeats the URL, or as a form has it: its value alone may be an answer."""
    return written_instead(value, after=f"{name}=") + written_instead(unquote_plus(value), after=f"{name}=")


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


def _secrets_in_query(url: str) -> list[tuple[str, str]]:
    """Parameters that are called like secrets, as they were sent: the same URL may stand in headers and in the body."""
    parts = [part.partition("=") for part in url.partition("?")[2].split("&")]
    usual = [(name, value) for name, _, value in parts if len(unquote(value)) >= _SHORT and len(value) <= _LONG]
    return [one for one in usual if _is_secret(one[0])][:_MOST_SECRETS]


def _secrets_in(request: Received, read: bytes, places: Sequence[str]) -> tuple[str, ...]:
    """What stands at the places where a sender puts secrets, and may stand elsewhere too."""
    try:
        document = read_document(read, request.headers).value
    except Unparseable:  # their values are masked by the places' names
        return ()
    found = [at(document, place) for place in places]
    texts = [text for one in found for text in (one if isinstance(one, list) else [one]) if isinstance(text, str)]
    if len(texts) > _MOST_SECRETS:
        refuse("malformed_secret")
    return tuple(text for text in texts if len(text.strip()) >= SHORTEST_SECRET and len(text) <= _LONG)


def _without_credentials(scheme: Scheme, request: Received) -> Received:
    names = "\n".join(request.headers)
    hidden = (_credentials if len(names) <= _USUAL_NAMES else _credentials.__wrapped__)(names)
    own = scheme.header if scheme.scheme == "token" else None
    url = _without_secret_parameters(request.url) if "?" in request.url else request.url
    if own is None and not hidden and url == request.url:
        return request
    return Received(
        source=request.source,
        method=request.method,
        url=url,
        headers={**request.headers, **hidden} if own is None else {**request.headers, **hidden, own: MASK},
        body=request.body,
        received_at=request.received_at,
    )


def _without_secret_parameters(url: str) -> str:
    address, _, query = url.partition("?")
    return f"{address}?{'&'.join(_masked_parameter(part) for part in query.split('&'))}"


def _masked_parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    return f"{name}={HIDDEN}" if equals and value and _is_secret(name) else part


def _is_secret(name: str) -> bool:
    """By whole words: an `author` is no `auth`."""
    words = [word.lower() for word in _WORDS.findall(unquote(name))]
    return any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words)


@lru_cache(maxsize=1_024)
def _credentials(names: str) -> Mapping[str, str]:
    """Those of some headers' names (with a line break between two) that are never stored, with what is in their place.

    A sender's requests have the same ones again and again.
    """
    return {name: MASK for name in names.split("\n") if _is_credential(name)}


def _is_credential(name: str) -> bool:
    """`x-auth-key` and any other key too, but for those by which messages are told apart."""
    if any(part in name for part in _CREDENTIALS):
        return True
    *before, last = name.split("-")
    return (last == "key" or "auth" in (*before, last)) and _TELLS_APART.isdisjoint(before)
