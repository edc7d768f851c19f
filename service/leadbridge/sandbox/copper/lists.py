"""Copper's endpoints that say how an account is set up: one function each."""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel

from leadbridge.sandbox.copper.account import Account, body_of
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.endpoints import Handler
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply


def _listed(of: Callable[[Catalog], Mapping[int, BaseModel]]) -> Handler:
    def answer(account: Account, *_: object) -> ApiReply:
        return json_reply(200, [entry.model_dump() for entry in of(account.catalog).values()])

    return answer


def _definitions(account: Account, *_: object) -> ApiReply:
    """Every custom field of the account, whatever records have it."""
    return json_reply(200, [entry.answer() for entry in account.catalog.definitions.values()])


def _users(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """All on one page."""
    body_of(request.payload or {}, "page_number", "page_size")
    return json_reply(200, [entry.model_dump() for entry in account.catalog.users.values()])


def _me(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """The user who made the key: the cheapest call that proves it."""
    email = request.headers.get("x-pw-useremail", "")
    known = (user.model_dump() for user in account.catalog.users.values() if user.email == email)
    return json_reply(200, next(known, {"id": account.number + 1, "name": "Sandbox User", "email": email}))


def _about(account: Account, *_: object) -> ApiReply:
    return json_reply(200, {"id": account.number, "name": f"Sandbox account {account.name}"})


LIST_ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("GET", "/custom_field_definitions", _definitions),
    ("GET", "/lead_statuses", _listed(lambda catalog: catalog.statuses)),
    ("GET", "/customer_sources", _listed(lambda catalog: catalog.sources)),
    ("GET", "/contact_types", _listed(lambda catalog: catalog.contact_types)),
    ("GET", "/pipelines", _listed(lambda catalog: catalog.pipelines)),
    ("POST", "/users/search", _users),
    ("GET", "/users/me", _me),
    ("GET", "/account", _about),
]
