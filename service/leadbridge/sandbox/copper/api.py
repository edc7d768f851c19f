"""The emulated Copper: who may call, for which account, and what becomes of the call."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.about import emails_about
from leadbridge.sandbox.copper.account import Account
from leadbridge.sandbox.copper.activity_endpoints import ACTIVITY_ROUTES
from leadbridge.sandbox.copper.bulk import BULK_ROUTES
from leadbridge.sandbox.copper.convert import CONVERT_ROUTES
from leadbridge.sandbox.copper.endpoints import RECORD_ROUTES, Handler
from leadbridge.sandbox.copper.lists import LIST_ROUTES
from leadbridge.sandbox.copper.problems import (
    Invalid,
    front_end_refusal,
    invalid_input,
    no_route,
    refusal,
)
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.exchange import UNREADABLE, ApiReply, ApiRequest
from leadbridge.sandbox.routing import Routes
from leadbridge.sandbox.seeds import CopperSeed
from leadbridge.sandbox.world import World

_REAL_KEY: Final = re.compile(r"[a-f0-9]{32}")
_ROUTES: Final[Routes[Handler]] = Routes(
    [*RECORD_ROUTES, *BULK_ROUTES, *CONVERT_ROUTES, *ACTIVITY_ROUTES, *LIST_ROUTES]
)


def account_name(token: str) -> str:
    """How an account is called in state and history: its token, but a fingerprint of one that may be a real key."""
    if _REAL_KEY.fullmatch(token):
        return f"copper-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
    return token


class Copper:
    """Every Copper account: any token that does not begin with `bad` has its own."""

    crm: CrmName = "copper"
    vendor: None = None

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
        found = _ROUTES.find(request.method, request.path)
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
        """An error in Copper's usual shape, but for those of 401 and 429: their bodies are undocumented."""
        options = self._world.options.copper
        chosen = {401: options.unauthorized_body, 429: options.rate_limit_body}
        return refusal(status, chosen.get(status, "message"))

    def trace_headers(self, request: ApiRequest) -> Mapping[str, str]:
        """`x-request-id` is on every answer."""
        return {"x-request-id": request.trace_id}

    def emails_of(self, request: ApiRequest, account: str) -> frozenset[str]:
        """The e-mail of the lead or person as the body gives it, as an upsert matches it, and as the record has it."""
        return emails_about(request, self.account(account))

    def state(self) -> dict[str, Json]:
        """`{account: {"leads": [...], "people": [...], …}}`."""
        return {name: account.state() for name, account in self._accounts.items()}

    def seed(self, seed: CopperSeed) -> list[str]:
        """Put records beforehand; answers their ids. Raises `Invalid`, and keeps nothing, when one is wrong."""
        return self.account(account_name(seed.account)).seed(seed)

    def reset(self) -> None:
        """Forget every account, with all records in it."""
        self._accounts.clear()

    def account(self, name: str) -> Account:
        """The account of that name, made when it is first asked for."""
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = Account(name, self._world)
        return account
