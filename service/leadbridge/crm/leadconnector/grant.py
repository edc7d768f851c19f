"""The OAuth grant of a destination: https://github.com/GoHighLevel/highlevel-api-docs/blob/main/docs/oauth/Authorization.md."""

from urllib.parse import urlsplit

from leadbridge.crm.adapter import Grant
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings


def grant_of(settings: LeadConnectorSettings, base_url: str) -> Grant | None:
    """The grant that the settings name; None with a token of their own.

    Destinations of one agency share its grant, and each asks it for its own location's token.
    """
    oauth = settings.oauth
    if oauth is None:
        return None
    host = urlsplit(base_url).netloc.lower()
    holder = oauth.company_id or settings.location_id
    return Grant(
        name=f"leadconnector:{host}:{oauth.client_id}:{holder}",
        token_url=f"{base_url}/oauth/token",
        client_id=oauth.client_id,
        client_secret=oauth.client_secret.get_secret_value(),
        user_type="Company" if oauth.company_id else "Location",
        seed=oauth.refresh_token.get_secret_value() if oauth.refresh_token else None,
        company_id=oauth.company_id,
        location_id=settings.location_id,
        location_token_url=f"{base_url}/oauth/locationToken" if oauth.company_id else None,
    )
