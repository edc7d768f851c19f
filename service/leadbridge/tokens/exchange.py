"""The HTTP of the token endpoints: what is given, or why nothing is.

https://github.com/GoHighLevel/highlevel-api-docs, apps/oauth.json; the words of refusals are in apps/v3/oauth-v3.json
and in RFC 6749, 5.2.
"""

import asyncio
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias
from urllib.parse import quote, quote_plus, urlencode

import aiohttp
import httpx
from pydantic_core import from_json

from leadbridge import __version__
from leadbridge.crm.adapter import Answer, Grant
from leadbridge.crm.answers import asked_wait, words
from leadbridge.events import Json
from leadbridge.masking import MASK

DEADLINE: Final = 10.0  # seconds for a call in all: twice of it is within the vendor's 30 s of grace
MOST_ANSWER: Final = 1024 * 1024  # bytes
_SHORTEST: Final = 8  # characters: what is shorter is no token, and may stand in any sentence
_DEFAULT_LIFE: Final = 3600.0  # seconds, where the answer does not say
_LONGEST_LIFE: Final = 31_536_000.0
_HEADERS: Final = {
    "accept": "application/json",
    "content-type": "application/x-www-form-urlencoded",
    "user-agent": f"leadbridge/{__version__}",  # the firewall before the API refuses some defaults
}
_API_VERSION: Final = {"version": "2021-07-28"}  # which /oauth/token does without

Cause: TypeAlias = Literal[
    "spent",  # the refresh token or code is not good any more, and never will be
    "inactive",  # the location is switched off; the refresh token is as good as before
    "client",  # the app's own id or secret is wrong
    "bearer",  # the company's access token is not taken
    "elsewhere",  # the company may not speak for this location
    "refused",  # anything else that is final: 4xx
    "busy",  # 429: nothing was done
    "unsure",  # no answer that can be read: it may have been done
]
_BAD_GRANT: Final = re.compile(
    "invalid[_ ]grant|(?:refresh token|authorization code).*(?:invalid|not valid|expired|revoked|used)"
    "|(?:invalid|expired|revoked|used) (?:refresh token|authorization code)"
)
_INACTIVE: Final = re.compile("not active|inactive")
_BAD_CLIENT: Final = re.compile("invalid[_ ]client|client credentials|client[_ ]secret")
_FINAL: Final = (400, 401, 403, 404, 405, 413, 415, 422)  # nothing was done, and would not be
_SECRETS: Final = ("client_secret", "refresh_token", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Tokens that the vendor gave, for `life` seconds, and for whom."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    life: float
    location_id: str | None = None
    company_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nothing was given, in words without any secret; `after` is how many seconds the vendor asks to wait."""

    cause: Cause
    detail: str
    after: float | None = None


class Exchange:
    """Asks token endpoints. It follows no redirect, keeps no cookie and logs nothing: a token is in every call."""

    def __init__(self, http: httpx.AsyncBaseTransport, *, deadline: float = DEADLINE) -> None:
        """Over these connections; a call has `deadline` seconds from its start to the end of its answer."""
        self._http = http
        self._deadline = deadline

    async def refresh(self, grant: Grant, refresh_token: str) -> Issued | Refusal:
        """The next tokens for a refresh token, which is spent by that."""
        form = {**_app(grant), "grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._ask(grant.token_url, {**form, "user_type": grant.user_type}, {})

    async def redeem(self, grant: Grant, code: str, *, redirect_url: str) -> Issued | Refusal:
        """The first tokens for an authorization code, which is spent by that."""
        form = {**_app(grant), "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_url}
        return await self._ask(grant.token_url, {**form, "user_type": grant.user_type}, {})

    async def location_token(self, grant: Grant, company_token: str) -> Issued | Refusal:
        """A location's token for its company's; asked again, the vendor gives another, and both are good."""
        form = {"companyId": grant.company_id or "", "locationId": grant.location_id or ""}
        bearer = {"authorization": f"Bearer {company_token}", **_API_VERSION}
        answer = await self._ask(grant.location_token_url or "", form, bearer)
        if isinstance(answer, Refusal) and answer.cause == "spent":  # there is no refresh token in this call
            return Refusal(cause="refused", detail=answer.detail)
        return answer

    async def close(self) -> None:
        """Close all connections; nothing can be asked afterwards."""
        await self._http.aclose()

    async def _ask(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Issued | Refusal:
        secrets = [form[name] for name in _SECRETS if name in form]
        secrets.append(headers.get("authorization", "").removeprefix("Bearer "))
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._answer(url, form, headers)
        except TimeoutError:
            return Refusal(cause="unsure", detail=f"{_place(url)} did not answer within {self._deadline:g} s")
        # Not every error of aiohttp's has a twin in httpx: an answer that is no HTTP comes as it is.
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            return Refusal(cause="unsure", detail=_without(secrets, f"{_place(url)} cannot be reached ({why})"))
        issued = _issued(answer)
        if issued is not None:
            return issued
        cause, detail = _cause(answer), f"{_place(url)} answered {answer.status}: {_words(answer)}"
        return Refusal(cause=cause, detail=_without(secrets, detail), after=asked_wait(answer))

    async def _answer(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        request = httpx.Request(
            "POST",
            url,
            headers={**_HEADERS, **headers},
            content=urlencode(form).encode(),
            extensions={"timeout": httpx.Timeout(self._deadline).as_dict()},
        )
        response = await self._http.handle_async_request(request)
        try:
            read = bytearray()
            async for piece in response.aiter_bytes():
                read += piece
                if len(read) > MOST_ANSWER:
                    break
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        text = bytes(read).decode("utf-8", errors="replace")
        return Answer(status=response.status_code, headers=headers, body=_json(text), text=text)


def _app(grant: Grant) -> dict[str, str]:
    return {"client_id": grant.client_id, "client_secret": grant.client_secret}


def _json(text: str) -> Json:
    try:
        body: Json = from_json(text)
    except ValueError:
        return None
    return body


def _issued(answer: Answer) -> Issued | None:
    body = answer.body
    if not answer.ok or not isinstance(body, dict):
        return None
    access_token, refresh_token = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access_token, str) or not all(map(_is_token, (access_token, refresh_token or access_token))):
        return None
    return Issued(
        access_token=access_token,
        refresh_token=refresh_token or None,
        life=_life(body.get("expires_in")),
        location_id=_text(body.get("locationId")),
        company_id=_text(body.get("companyId")),
    )


def _is_token(value: Json) -> bool:
    """Whether it can stand in a header."""
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()


def _life(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        return _DEFAULT_LIFE
    return float(min(value, _LONGEST_LIFE))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _cause(answer: Answer) -> Cause:
    """What a refusal means for the tokens; what nobody knows leaves them as they are."""
    if answer.status == 429:
        return "busy"
    if answer.status not in _FINAL:
        return "unsure"
    body = answer.body if isinstance(answer.body, dict) else {}
    said = " ".join([words(answer), str(body.get("error", "")), str(body.get("error_description", ""))]).casefold()
    if answer.status in (400, 401) and _BAD_GRANT.search(said):
        return "spent"
    if _BAD_CLIENT.search(said):
        return "client"
    if _INACTIVE.search(said):
        return "inactive"
    return "bearer" if answer.status == 401 else "elsewhere" if answer.status == 403 else "refused"


def _words(answer: Answer) -> str:
    """What the vendor says in a message, or on a page; anything else may be the tokens, in a form that nobody knows."""
    is_page = not answer.ok and answer.body is None and not answer.text.lstrip().startswith(("{", "[", '"'))
    return words(answer if is_page else replace(answer, text=""))


def _place(url: str) -> str:
    """Host and path, without what else an address may hold."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "the token endpoint"
    return f"{parsed.host}{parsed.path}"


def _without(secrets: list[str], said: str) -> str:
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            for form in (secret, quote_plus(secret), quote(secret)):
                said = said.replace(form, MASK)
    return said
