"""Copper's endpoints for leads and people: one function each.

https://developer.copper.com/leads/ and https://developer.copper.com/people/ . Every success is 200, that of a creation
too.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from leadbridge.sandbox.copper.account import Account, body_of
from leadbridge.sandbox.copper.collection import Collection
from leadbridge.sandbox.copper.problems import Invalid, not_found
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.copper.upsert import ambiguous, read_match
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply

Handler: TypeAlias = Callable[[Account, ApiRequest, str], ApiReply]
Of: TypeAlias = Callable[[Account], Collection]


def _upsert(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """No match creates, one updates, several are refused; nothing in the answer tells the first two apart."""
    body = body_of(request.payload, "properties", "match")
    match = read_match(body.get("match"), account.setup)
    options = account.setup.options
    looked_through = (account.leads, account.converted) if options.matches_converted else (account.leads,)
    found = [(leads, lead) for leads in looked_through for lead in leads.matching(match.by, match.value)]
    if len(found) > 1:
        return ambiguous(tuple(lead.id for _, lead in found), options.ambiguous_ids)
    properties, lost = body.get("properties"), request.lost_fields
    for leads, lead in found:
        return _reply(leads, leads.update(lead, properties, lost=lost))
    implied = {match.by: match.value} if isinstance(match.by, int) and options.writes_custom_match else None
    return _reply(account.leads, account.leads.create(properties, lost=lost, implied=implied))


def _create(of: Of, account: Account, request: ApiRequest, _: str) -> ApiReply:
    """One e-mail may have many leads, but one person."""
    return _reply(of(account), of(account).create(body_of(request.payload), lost=request.lost_fields))


def _fetch(of: Of, account: Account, _: ApiRequest, record_id: str) -> ApiReply:
    record = of(account).get(record_id)
    return not_found() if record is None else _reply(of(account), record)


def _update(of: Of, account: Account, request: ApiRequest, record_id: str) -> ApiReply:
    record = of(account).get(record_id)
    if record is None:
        return not_found()
    return _reply(of(account), of(account).update(record, body_of(request.payload), lost=request.lost_fields))


def _delete(of: Of, account: Account, _: ApiRequest, record_id: str) -> ApiReply:
    record = of(account).get(record_id)
    if record is None:
        return not_found()
    of(account).delete(record)
    return json_reply(200, {"id": record.id, "is_deleted": True}, record_id=record_id)


def _search(of: Of, account: Account, request: ApiRequest, _: str) -> ApiReply:
    """A bare array; how many there are in all is in a header."""
    query = body_of(request.payload or {})
    converted = account.converted.searchable() if query.get("include_converted_leads") is True else ()
    page, total = of(account).search(query, beside=converted)
    return json_reply(200, [of(account).answer(record) for record in page], headers={"x-pw-total": str(total)})


def _fetch_by_email(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """The one person who has the address; an old way that was reported to find nobody any more."""
    email = body_of(request.payload, "email").get("email")
    if not isinstance(email, str) or not email.strip():
        raise Invalid("Email: can't be blank")
    found = account.people.matching("email", email) if account.setup.options.fetch_by_email == "works" else []
    return _reply(account.people, found[0]) if found else not_found()


def _reply(records: Collection, record: Record) -> ApiReply:
    return json_reply(200, records.answer(record), record_id=str(record.id))


def _common(path: str, of: Of) -> list[tuple[str, str, Handler]]:
    """What leads and people both have."""
    return [
        ("POST", path, partial(_create, of)),
        ("POST", f"{path}/search", partial(_search, of)),
        ("GET", f"{path}/{{id}}", partial(_fetch, of)),
        ("PUT", f"{path}/{{id}}", partial(_update, of)),
        ("DELETE", f"{path}/{{id}}", partial(_delete, of)),
    ]


RECORD_ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("PUT", "/leads/upsert", _upsert),
    *_common("/leads", lambda account: account.leads),
    ("POST", "/people/fetch_by_email", _fetch_by_email),
    *_common("/people", lambda account: account.people),
]
