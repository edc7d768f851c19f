"""The page where a person lets the app in, and for whom they did.

https://github.com/GoHighLevel/highlevel-api-docs/blob/main/docs/oauth/Authorization.md
"""

from typing import Final
from urllib.parse import urlencode

from leadbridge.crm.adapter import Grant
from leadbridge.tokens.exchange import Issued

OFFICIAL_PAGE: Final = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"
LOCATION_SCOPES: Final = ("contacts.readonly", "contacts.write", "locations/customFields.readonly")
COMPANY_SCOPES: Final = (*LOCATION_SCOPES, "oauth.readonly", "oauth.write")


def authorize_url(grant: Grant, *, page: str, redirect_url: str, state: str) -> str:
    """The address to open; afterwards the vendor sends the browser to `redirect_url`, with a code and the `state`."""
    scopes = COMPANY_SCOPES if grant.user_type == "Company" else LOCATION_SCOPES
    query = {
        "response_type": "code",
        "client_id": grant.client_id,
        "redirect_uri": redirect_url,
        "scope": " ".join(scopes),
        "state": state,
    }
    return f"{page}{'&' if '?' in page else '?'}{urlencode(query)}"


def holder_of(grant: Grant) -> str:
    """Whose consent a grant is: `location LOC1`, `company COMP1`."""
    return f"company {grant.company_id}" if grant.user_type == "Company" else f"location {grant.location_id}"


def given_by(issued: Issued) -> str:
    """Who gave the consent that these tokens came from, in the words of `holder_of`."""
    if issued.location_id is not None:
        return f"location {issued.location_id}"
    return f"company {issued.company_id}" if issued.company_id is not None else "nobody that the answer names"
