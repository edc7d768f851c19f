"""What of a request is a credential by its name alone, whatever proves its sender: headers and the URL's parameters."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, unquote_plus

from leadbridge.events import Received
from leadbridge.masking import MASK
from leadbridge.redactions import HIDDEN, written_instead

# A secret may be repeated anywhere, and is looked for; that takes time, and anyone may send many and long ones.
LONGEST_SOUGHT: Final = 2_048  # characters; longer ones are masked at their own places alone
MOST_SOUGHT: Final = 8  # beside the source's own
_USUAL_NAMES: Final = 1_024  # characters of all headers' names; what is said of more is not remembered
# Headers with one of these in their name prove a sender or hold a session: never stored, whatever the scheme.
_CREDENTIALS: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")
_TELLS_APART: Final = frozenset({"idempotency", "dedupe", "deduplication", "message", "event", "routing", "partition"})
# Parameters of URLs are named as people need them, in words (`api_key`, `apiKey`, `auth[token]`).
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS: Final = frozenset({"auth", "authorization", "key", "apikey", "pass", "passwd", "pwd"})
_SECRET_ENDINGS: Final = ("token", "secret", "password")
_SHORT: Final = 8  # characters; a shorter value of such a parameter is masked in the URL alone: `?key=1` is a figure


def without_credentials(request: Received, *, own: str | None) -> Received:
    """The request with its credentials masked in headers and URL; `own` is the header by which its sender is proved."""
    names = "\n".join(request.headers)
    hidden = (_credentials if len(names) <= _USUAL_NAMES else _credentials.__wrapped__)(names)
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


def secrets_in_query(url: str) -> list[tuple[str, str]]:
    """Parameters that are called like secrets, as they were sent: the same URL may stand in headers and in the body."""
    parts = [part.partition("=") for part in url.partition("?")[2].split("&")]
    usual = [
        (name, value) for name, _, value in parts if len(unquote(value)) >= _SHORT and len(value) <= LONGEST_SOUGHT
    ]
    return [one for one in usual if _is_secret(one[0])][:MOST_SOUGHT]


def in_body(name: str, value: str) -> list[tuple[bytes, bytes]]:
    """A parameter as it stands where a body repeats the URL, or as a form has it: its value alone may be an answer."""
    return written_instead(value, after=f"{name}=") + written_instead(unquote_plus(value), after=f"{name}=")


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
