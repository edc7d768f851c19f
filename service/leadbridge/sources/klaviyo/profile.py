"""What Klaviyo's API tells of a profile."""

from typing import Final

from leadbridge.events import Event
from leadbridge.sources.completing import completing
from leadbridge.sources.fetching import Fetch, Part, Step
from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.people import address
from leadbridge.sources.shapes import event

_PROFILE: Final = "profile.data.attributes"


def _has_a_profile(announced: Event) -> bool:
    return bool(announced.meta.get("profile_id"))


FETCH: Final = Fetch(
    base_url="https://a.klaviyo.com",
    version="2026-01-15",
    steps=(
        Step(
            name="profile",
            path="/api/profiles/{profile_id}",
            parts={"profile_id": Part("data.payload.data.relationships.profile.data.id", r"[A-Za-z0-9]{1,64}")},
            same_as={"profile_id": "data.id"},
        ),
    ),
    complete=completing(
        event(
            picked(
                {
                    "email": f"{_PROFILE}.email",
                    "phone_number": f"{_PROFILE}.phone_number",
                    "first_name": f"{_PROFILE}.first_name",
                    "last_name": f"{_PROFILE}.last_name",
                    "organization": f"{_PROFILE}.organization",
                    "title": f"{_PROFILE}.title",
                    "locale": f"{_PROFILE}.locale",
                    "external_id": f"{_PROFILE}.external_id",
                }
            ),
            address(
                f"{_PROFILE}.location",
                keys={
                    "street": "address1",
                    "street2": "address2",
                    "city": "city",
                    "state": "region",
                    "postal_code": "zip",
                    "country": "country",
                },
            ),
            rest_of(f"{_PROFILE}.properties"),
            typed(
                {
                    "email": "email",
                    "phone_number": "phone",
                    "first_name": "first_name",
                    "last_name": "last_name",
                    "organization": "company",
                }
            ),
            meta={"created_at": f"{_PROFILE}.created", "timezone": f"{_PROFILE}.location.timezone"},
        ),
        needs=_PROFILE,
        beside="event",  # its properties have any names: the `title` of a product is not the person's
    ),
    limit=75,  # in a second, and 700 in a minute: no 60 seconds hold more than nine of these windows
    window=7,
    headers={"revision": "{version}"},
    authorization="Klaviyo-API-Key {token}",
    needed=_has_a_profile,
    renewal="Klaviyo's private API keys are made in its settings, with the scope `profiles:read`",
)
