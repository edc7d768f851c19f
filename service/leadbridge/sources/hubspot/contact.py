"""What HubSpot's API tells of a contact."""

from typing import Final

from leadbridge.events import FieldType
from leadbridge.sources.completing import completing
from leadbridge.sources.fetching import Fetch, Part, Step
from leadbridge.sources.parts import rest_of, typed
from leadbridge.sources.shapes import event

TYPES: Final[dict[str, FieldType]] = {
    "email": "email",
    "phone": "phone",
    "mobilephone": "phone",
    "firstname": "first_name",
    "lastname": "last_name",
    "company": "company",
    "website": "website",
    "address": "address",
}
_ASKED: Final = (  # without `properties` HubSpot tells the e-mail, the name and times alone
    "email,firstname,lastname,salutation,phone,mobilephone,company,jobtitle,website,address,city,state,zip,country,"
    "message,lifecyclestage,hs_lead_status,hs_language,hs_analytics_source"
)
_OF_HUBSPOT: Final = ("hs_object_id", "createdate", "lastmodifieddate")

FETCH: Final = Fetch(
    base_url="https://api.hubapi.com",
    version="v3",
    steps=(
        Step(
            name="contact",
            path="/crm/{version}/objects/contacts/{objectId}",
            parts={"objectId": Part("objectId", r"[0-9]{1,30}")},
            query={"properties": _ASKED},
            same_as={"objectId": "id"},
            also="properties",
        ),
    ),
    complete=completing(
        event(
            rest_of("contact.properties", leave_out=_OF_HUBSPOT),
            typed(TYPES),
            meta={"created_at": "contact.createdAt", "updated_at": "contact.updatedAt"},
        ),
        needs="contact.properties",
    ),
    limit=100,
    window=10,
    request_id="x-hubspot-correlation-id",
    renewal="take that of a private app, which does not expire: HubSpot's OAuth access tokens end within the hour, and "
    "are not renewed here",
)
