"""Intercom's webhooks about contacts (leads and users)."""

from typing import Final

from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.preset import Ignore, Moment, Path, Preset
from leadbridge.sources.shapes import event

_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_CONTACTS: Final = (
    "contact.created",
    "contact.added_email",
    "contact.email.updated",
    "contact.signed_up",
    "contact.lead.created",
    "contact.lead.added_email",
    "contact.lead.updated",
    "contact.lead.signed_up",
    "contact.user.created",
    "contact.user.updated",
    "user.created",
    "user.email.updated",
    "visitor.signed_up",
)

PRESET: Final = Preset(
    name="intercom",
    title="Intercom",
    description="Leads and users of Intercom when they are created or changed: name, address, number, attributes.",
    shape=event(
        picked(
            {
                "name": "data.item.name",
                "email": "data.item.email",
                "phone": "data.item.phone",
                "city": "data.item.location.city",
                "region": "data.item.location.region",
                "country": "data.item.location.country",
                **{name: f"data.item.{name}" for name in _UTM},
                "referrer": "data.item.referrer",
            }
        ),
        rest_of("data.item.custom_attributes"),
        typed({"name": "name", "email": "email", "phone": "phone", **dict.fromkeys((*_UTM, "referrer"), "hidden")}),
        meta={
            "type": "topic",
            "contact_id": "data.item.id",
            "external_id": "data.item.external_id",
            "role": "data.item.role",
            "submitted_at": "data.item.created_at",
            "workspace_id": "app_id",
        },
    ),
    scheme={"scheme": "hmac", "header": "x-hub-signature", "hash": "sha1", "prefix": "sha1="},
    dedupe=(Path("id"),),
    volatile=frozenset({"delivery_status", "delivery_attempts", "delivered_at"}),
    event_at=Moment("created_at", unit="s"),
    ignore=(
        Ignore(path="topic", values=("ping",), reason="a ping: Intercom tests the address"),
        Ignore(path="topic", unless=_CONTACTS, reason="the topic {value} is no lead"),
    ),
    on_unparseable="accept",  # a week of errors suspends the subscription
)
