"""The page on which a person lets an app into a location or company: `GET /v2/oauth/chooselocation`.

https://github.com/GoHighLevel/highlevel-api-docs, docs/oauth/Authorization.md. The vendor's page is on a host of its
own, where someone is logged in. Nobody is here: a click on a name, or the query's `location_id` or `company_id`, takes
that place, and where an app is seeded for one holder alone, nothing is asked.
"""

from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from leadbridge.sandbox.exchange import ApiReply, ApiRequest
from leadbridge.sandbox.leadconnector.apps import Holder
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.grants import Grants

CONSENT: Final = "/v2/oauth/chooselocation"
_HTML: Final = "text/html; charset=utf-8"
_PAGE: Final = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
_CHOICES: Final = {"location_id": "Location", "company_id": "Company"}


def choose_location(grants: Grants, directory: Directory, request: ApiRequest) -> ApiReply:
    """Back to the app with a code, the choice of a location, or what is wrong with the app's address."""
    asked = request.query
    problem = _problem(grants, asked)
    if problem:
        return _page(400, "This app cannot be installed", f"<p>{escape(problem)}</p>")
    holders = _holders(grants, directory, asked)
    if len(holders) != 1:
        return _page(200, "Choose a location", _listed(holders, asked))
    scopes = tuple(asked["scope"].split()) if asked.get("scope") else None
    code = grants.consent(asked["client_id"], holders[0], redirect_uri=asked["redirect_uri"], scopes=scopes)
    return _back(asked, code)


def _problem(grants: Grants, asked: Mapping[str, str]) -> str:
    if asked.get("response_type") != "code":
        return "response_type must be code"
    if not asked.get("client_id") or not grants.knows(asked["client_id"]):
        return "client_id is of no app"
    back = urlsplit(asked.get("redirect_uri", ""))
    return "" if back.scheme in ("http", "https") and back.netloc else "redirect_uri must be an address"


def _holders(grants: Grants, directory: Directory, asked: Mapping[str, str]) -> list[Holder]:
    for key, kind in _CHOICES.items():
        if asked.get(key):
            return [Holder("Company" if kind == "Company" else "Location", asked[key])]
    return grants.installed(asked["client_id"]) or [Holder("Location", name) for name in sorted(directory.locations)]


def _listed(holders: list[Holder], asked: Mapping[str, str]) -> str:
    keys = {kind: key for key, kind in _CHOICES.items()}
    rows = [
        f'<li><a href="?{escape(urlencode({**asked, keys[holder.kind]: holder.id}))}">{escape(holder.id)}</a></li>'
        for holder in holders
    ]
    kept = [f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items()]
    another = '<input name="location_id" placeholder="location id"> <button>Allow</button>'
    return f"<ul>{''.join(rows)}</ul><form>{''.join(kept)}{another}</form>"


def _back(asked: Mapping[str, str], code: str) -> ApiReply:
    back = urlsplit(asked["redirect_uri"])
    given = {"code": code, **({"state": asked["state"]} if "state" in asked else {})}
    query = urlencode([*parse_qsl(back.query, keep_blank_values=True), *given.items()])
    location = urlunsplit(back._replace(query=query))
    return ApiReply(status=302, body=b"", content_type=_HTML, headers={"location": location}, traced=False)


def _page(status: int, title: str, body: str) -> ApiReply:
    text = _PAGE.format(title=escape(title), body=body)
    return ApiReply(status=status, body=text.encode(), content_type=_HTML, traced=False)
