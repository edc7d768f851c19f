"""The emulated Copper: who may call, for which account, and what becomes of the call."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.copper.account import Account
from leadbridge.sandbox.copper.endpoints import ROUTES, lead_in
from leadbridge.sandbox.copper.problems import Invalid, error_reply, front_end_refusal, invalid_input, no_route
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.exchange import UNREADABLE, ApiReply, ApiRequest, phrase_of
from leadbridge.sandbox.seeds import CopperSeed
from leadbridge.sandbox.world import World

_REAL_KEY: Final = re.compile(r"[a-f0-9]{32}")


def account_name(token: str) -> str:
    """How an account is called in state and history: its token, but a fingerprint of one that may be a real key."""
    if _REAL_KEY.fullmatch(token):
        return f"copper-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
    return token


class Copper:
    """Every Copper account: any token that does not begin with `bad` has its own."""

    crm: CrmName = "copper"

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts: dict[str, Account] = {}

    def admit(self, request: ApiRequest) -> str | ApiReply:
        """The account of an API key or OAuth token; 401 for other credentials."""
        if request.method == "GET" and request.body:
            return front_end_refusal()
        headers = request.headers
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token = bearer.strip()
        elif headers.get("x-pw-application") == "developer_api" and headers.get("x-pw-useremail"):
            token = headers.get("x-pw-accesstoken", "").strip()
        else:
            token = ""
        if not token or token.startswith("bad"):
            return self.error(request, 401)
        return account_name(token)

    def answer(self, request: ApiRequest, account: str) -> ApiReply:
        """What Copper does and answers."""
        found = ROUTES.find(request.method, request.path)
        if found is None:
            return no_route()
        if request.payload is UNREADABLE:
            return self.error(request, 400)
        handler, record_id = found
        try:
            return handler(self.account(account), request, record_id)
        except Invalid as problem:
            return invalid_input(problem)

    def error(self, _: ApiRequest, status: int) -> ApiReply:
        """An error in Copper's usual shape; the body of a 429 is undocumented and here no JSON at all."""
        phrase = phrase_of(status)
        if status == 429:
            return ApiReply(status=429, body=phrase.encode(), content_type="text/plain; charset=utf-8")
        return error_reply(status, phrase)

    def trace_headers(self, request: ApiRequest) -> Mapping[str, str]:
        """`x-request-id` is on every answer."""
        return {"x-request-id": request.trace_id}

    def emails_of(self, request: ApiRequest, account: str) -> frozenset[str]:
        """The lead's e-mail as the body gives it, as the upsert matches it, and as the record has it."""
        payload = request.payload if isinstance(request.payload, Mapping) else {}
        match = payload.get("match")
        emails = [_email_in(payload), _email_in(payload.get("properties"))]
        if isinstance(match, Mapping) and match.get("field_name") == "email":
            emails.append(match.get("field_value"))
        lead = lead_in(self.account(account), request.path.rpartition("/")[2])
        if lead is not None:
            emails.append(_email_in(lead.values))
        return frozenset(email_key(email) for email in emails if isinstance(email, str))

    def state(self) -> dict[str, Json]:
        """`{account: {"leads": [...]}}`."""
        return {
            name: {"leads": [account.answer(lead) for lead in account.leads]}
            for name, account in self._accounts.items()
        }

    def seed(self, seed: CopperSeed) -> list[str]:
        """Put records beforehand; answers the leads' ids. Raises `Invalid`, and keeps nothing, when one is wrong."""
        return [str(lead.id) for lead in self.account(account_name(seed.account)).seed(seed)]

    def reset(self) -> None:
        """Forget every account."""
        self._accounts.clear()

    def account(self, name: str) -> Account:
        """The account of that name, made when it is first asked for."""
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = Account(name, self._world)
        return account


def _email_in(values: Json) -> Json:
    email = values.get("email") if isinstance(values, Mapping) else None
    return email.get("email") if isinstance(email, Mapping) else None
