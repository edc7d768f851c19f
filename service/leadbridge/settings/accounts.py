"""Destinations that nobody could tell apart: their accounts, or the grants that they call under."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from leadbridge.crm.leadconnector.adapter import LeadConnector
from leadbridge.events import Json
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Problem


def account_problems(document: Document, destinations: Mapping[str, Json]) -> Iterator[Problem]:
    """What is wrong with destinations that are each right in themselves."""
    yield from _accounts_of_one_user(document, destinations)
    yield from _grants_of_two_seeds(document, destinations)


def _accounts_of_one_user(document: Document, destinations: Mapping[str, Json]) -> Iterator[Problem]:
    """Accounts that would be taken for one, with their custom fields, their quota and their order.

    Copper tells an account's number only when it is called, so the destination's user stands for it.
    """
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for name, destination in destinations.items():
        if not isinstance(destination, Mapping) or destination.get("crm") != "copper" or destination.get("account_id"):
            continue
        user, key = destination.get("user_email"), destination.get("access_token")
        if not isinstance(user, str) or not isinstance(key, str):
            continue
        other, known = first.setdefault((str(destination.get("base_url")), user.strip().lower()), (name, key))
        if known != key:
            yield document.problem(
                ("destinations", name, "user_email"),
                f"is the user of `{other}` too, with another key: nothing tells their accounts apart",
                hint="give each an `account_id`, or both the same one when it is one account",
            )


def _grants_of_two_seeds(document: Document, destinations: Mapping[str, Json]) -> Iterator[Problem]:
    """Destinations of one app in one location or agency: it has one refresh token, which changes with every use."""
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    for name, destination in destinations.items():
        oauth = destination.get("oauth") if isinstance(destination, Mapping) else None
        if not isinstance(destination, Mapping) or not isinstance(oauth, Mapping):
            continue
        seed, holder = oauth.get("refresh_token"), oauth.get("company_id") or destination.get("location_id")
        if not isinstance(seed, str):
            continue
        app = (_host(destination.get("base_url")), str(oauth.get("client_id")).strip(), str(holder).strip())
        other, known = first.setdefault(app, (name, seed.strip()))
        if known != seed.strip():
            whose = "agency" if oauth.get("company_id") else "location"
            yield document.problem(
                ("destinations", name, "oauth", "refresh_token"),
                f"is another one than that of `{other}`, which has the same app and {whose}: each would replace the "
                "other's tokens",
                hint="leave it out here, or write the same one in both",
            )


def _host(base_url: Json) -> str:
    """The host that gives the tokens; an address that is none has a problem of its own."""
    try:
        return urlsplit(str(base_url or LeadConnector.official_base_url)).netloc.lower()
    except ValueError:
        return str(base_url)
