"""Handshake: a vendor's question whether this URL is ours, answered before anything else is done with a request.

Anyone may ask, so what comes back is short and harmless, and what is signed is one word: as the body of a submission it
would be a form with nothing filled in.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from leadbridge.bodies import read_document
from leadbridge.errors import RequestRefused, Unparseable
from leadbridge.events import Json, Received, Reply
from leadbridge.schemes import Scheme
from leadbridge.signatures import any_equal, refuse
from leadbridge.sources.handshakes import (
    LONGEST_CHALLENGE,
    MAY_BE_SIGNED,
    SIGNS,
    Body,
    Handshake,
    InHeader,
    Query,
    Spot,
)
from leadbridge.sources.places import at

_LONGEST_BODY: Final = 4_096  # bytes; what is longer is no handshake
_MOST_PARAMETERS: Final = 50
_SAFE: Final = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A handshake and its answer."""

    handshake: Handshake
    reply: Reply


class _Asked:
    """A request as handshakes look at it; its parts are read when one asks for them."""

    def __init__(self, request: Received) -> None:
        self._request = request
        self._query: Mapping[str, str] | None = None
        self._document: Json = None
        self._is_read = False

    def at(self, spot: Spot) -> str | None:
        """The text that stands there; None when there is none."""
        match spot:
            case Query(name):
                return self._parameters().get(name)
            case InHeader(name):
                return self._request.headers.get(name)
            case Body(path):
                if path.rpartition(".")[2].encode() not in self._request.body:
                    return None  # nearly every submission to such a source: it is not read twice
                found = at(self.document, path)
                return found if isinstance(found, str) else None

    @property
    def document(self) -> Json:
        """The body; None for one that is too long, or no JSON or form."""
        if not self._is_read:
            self._is_read = True
            if len(self._request.body) <= _LONGEST_BODY:
                try:
                    self._document = read_document(self._request.body, self._request.headers).value
                except Unparseable:
                    self._document = None
        return self._document

    def _parameters(self) -> Mapping[str, str]:
        if self._query is None:
            try:
                query = urlsplit(self._request.url).query
                self._query = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
            except ValueError:
                self._query = {}
        return self._query


def answer(
    handshakes: Sequence[Handshake], request: Received, *, scheme: Scheme, tokens: Sequence[bytes]
) -> Answered | None:
    """The answer to a handshake; None when the request is none of these.

    `tokens` are the verify tokens that the source knows. Raises `SignatureError` for a wrong one, or where the source
    has not what the answer needs, or for a submission that no more than a signed challenge would prove;
    `RequestRefused` for a challenge that is too long or may not be sent back.
    """
    asked = _Asked(request)
    for one in handshakes:
        if one.method == request.method and _is_this(one, asked):
            return Answered(handshake=one, reply=_reply(one, asked, scheme, tokens))
    if request.method == "POST" and any(one.signs for one in handshakes) and MAY_BE_SIGNED.fullmatch(request.body):
        refuse("malformed_body")
    return None


def _is_this(handshake: Handshake, asked: _Asked) -> bool:
    if any(asked.at(spot) != said for spot, said in handshake.when.items()):
        return False
    if handshake.challenge is not None and asked.at(handshake.challenge) is None:
        return False
    return not handshake.only or (isinstance(asked.document, dict) and handshake.only.issuperset(asked.document))


def _reply(handshake: Handshake, asked: _Asked, scheme: Scheme, tokens: Sequence[bytes]) -> Reply:
    if handshake.token is not None:
        _check_token(asked.at(handshake.token), tokens)
    if handshake.challenge is None:
        return Reply(status=HTTPStatus.OK, content_type="text/plain; charset=utf-8", headers=_SAFE)
    challenge = asked.at(handshake.challenge) or ""
    if len(challenge) > LONGEST_CHALLENGE or not handshake.pattern.fullmatch(challenge):
        detail = (
            f"The challenge is empty, longer than {LONGEST_CHALLENGE:,} characters, or holds characters that no "
            "vendor's has; it is not answered."
        )
        raise RequestRefused(detail)
    said = _Said(challenge, scheme)
    headers = {**_SAFE, **{name: said.of(template) for name, template in handshake.reply_headers.items()}}
    if isinstance(handshake.reply, Mapping):
        document = {name: said.of(template) for name, template in handshake.reply.items()}
        return Reply(status=HTTPStatus.OK, body=orjson.dumps(document), headers=headers)
    text = "" if handshake.reply is None else said.of(handshake.reply)
    return Reply(status=HTTPStatus.OK, body=text.encode(), content_type="text/plain; charset=utf-8", headers=headers)


def _check_token(given: str | None, tokens: Sequence[bytes]) -> None:
    if not tokens:
        refuse("not_configured")
    if not any_equal((given or "").encode("utf-8", "replace"), list(tokens)):
        refuse("wrong_token")


class _Said:
    """What an answer may hold."""

    def __init__(self, challenge: str, scheme: Scheme) -> None:
        self._challenge = challenge
        self._scheme = scheme

    def of(self, template: str) -> str:
        """The template filled; a digest is made only where one is asked for."""
        text = template.replace("{challenge}", self._challenge)
        if "{hex}" in template:
            return text.replace("{hex}", self._digest().hex())
        return text.replace("{base64}", base64.b64encode(self._digest()).decode()) if "{base64}" in template else text

    def _digest(self) -> bytes:
        scheme = self._scheme
        if scheme.scheme != SIGNS:
            refuse("not_configured")
        return hmac.digest(scheme.keys[0], self._challenge.encode(), "sha256")
