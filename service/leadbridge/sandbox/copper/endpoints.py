"""Copper's endpoints for leads, and those that say how an account is set up: one function each.

https://developer.copper.com/leads/ ; every success is 200, that of a creation too.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from leadbridge.sandbox.copper.account import Account, body_of
from leadbridge.sandbox.copper.leads import Lead
from leadbridge.sandbox.copper.problems import not_found
from leadbridge.sandbox.copper.upsert import ambiguous, read_match
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.routing import Routes

_LEAD_ID: Final = re.compile(r"[0-9]{1,18}")


def lead_in(account: Account, lead_id: str) -> Lead | None:
    """The lead that a path names; None when there is none."""
    return account.leads.get(int(lead_id)) if _LEAD_ID.fullmatch(lead_id) else None


def _upsert(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """No match creates, one updates, several are refused; nothing in the answer tells the first two apart."""
    body = body_of(request.payload, "properties", "match")
    match = read_match(body.get("match"), account.catalog, account.zone)
    ids = account.leads.matching(match.by, match.value)
    if len(ids) > 1:
        return ambiguous(ids, account.ambiguous_ids)
    lead = account.leads.get(ids[0]) if ids else None
    properties, lost = body.get("properties"), request.lost_fields
    if lead is None:
        return _reply(account, account.create(properties, lost=lost, match=match))
    return _reply(account, account.update(lead, properties, lost=lost))


def _create(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """One e-mail may have many leads."""
    return _reply(account, account.create(body_of(request.payload), lost=request.lost_fields))


def _fetch(account: Account, _: ApiRequest, lead_id: str) -> ApiReply:
    lead = lead_in(account, lead_id)
    return not_found() if lead is None else _reply(account, lead)


def _update(account: Account, request: ApiRequest, lead_id: str) -> ApiReply:
    lead = lead_in(account, lead_id)
    if lead is None:
        return not_found()
    return _reply(account, account.update(lead, body_of(request.payload), lost=request.lost_fields))


def _delete(account: Account, _: ApiRequest, lead_id: str) -> ApiReply:
    lead = lead_in(account, lead_id)
    if lead is None:
        return not_found()
    account.leads.delete(lead)
    return json_reply(200, {"id": lead.id, "is_deleted": True}, record_id=lead_id)


def _search(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """A bare array; how many there are in all is in a header."""
    page, total = account.search(body_of(request.payload or {}))
    return json_reply(200, [account.answer(lead) for lead in page], headers={"x-pw-total": str(total)})


def _definitions(account: Account, *_: object) -> ApiReply:
    """Every custom field of the account, also those that leads do not have."""
    return json_reply(200, [entry.answer() for entry in account.catalog.definitions.values()])


def _statuses(account: Account, *_: object) -> ApiReply:
    return json_reply(200, [entry.model_dump() for entry in account.catalog.statuses.values()])


def _sources(account: Account, *_: object) -> ApiReply:
    return json_reply(200, [entry.model_dump() for entry in account.catalog.sources.values()])


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


def _reply(account: Account, lead: Lead) -> ApiReply:
    return json_reply(200, account.answer(lead), record_id=str(lead.id))


Handler: TypeAlias = Callable[[Account, ApiRequest, str], ApiReply]
ROUTES: Final[Routes[Handler]] = Routes(
    [
        ("PUT", "/leads/upsert", _upsert),
        ("POST", "/leads", _create),
        ("POST", "/leads/search", _search),
        ("GET", "/leads/{id}", _fetch),
        ("PUT", "/leads/{id}", _update),
        ("DELETE", "/leads/{id}", _delete),
        ("GET", "/custom_field_definitions", _definitions),
        ("GET", "/lead_statuses", _statuses),
        ("GET", "/customer_sources", _sources),
        ("POST", "/users/search", _users),
        ("GET", "/users/me", _me),
        ("GET", "/account", _about),
    ]
)
