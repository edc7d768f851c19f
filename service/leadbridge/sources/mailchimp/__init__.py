"""Mailchimp's audience webhooks."""

from typing import Final

from leadbridge.sources.handshakes import ANY_GET
from leadbridge.sources.parts import picked, typed
from leadbridge.sources.preset import Ignore, Joined, Path, Preset
from leadbridge.sources.shapes import event, flat_at

PRESET: Final = Preset(
    name="mailchimp",
    title="Mailchimp",
    description="New and changed contacts of a Mailchimp audience, by their merge tags.",
    shape=event(
        flat_at("data.merges"),
        picked({"email": "data.email"}, again=True),
        typed(
            {
                "EMAIL": "email",
                "email": "email",
                "FNAME": "first_name",
                "LNAME": "last_name",
                "PHONE": "phone",
                "COMPANY": "company",
            }
        ),
        meta={
            "type": "type",
            "form_id": "data.list_id",
            "contact_id": "data.id",
            "submitted_at": "fired_at",
            "ip": "data.ip_opt",
        },
    ),
    scheme={"scheme": "url", "parameter": "token"},
    handshakes=(ANY_GET,),
    dedupe=(Joined(Path("type"), Path("data.id"), Path("fired_at")),),
    ignore=(
        Ignore(path="type", values=("unsubscribe",), reason="somebody unsubscribed"),
        Ignore(path="type", values=("cleaned",), reason="an address that bounced, which Mailchimp cleaned away"),
        Ignore(path="type", values=("upemail",), reason="an address that changed"),
        Ignore(path="type", unless=("subscribe", "profile"), reason="the event {value} is no lead"),
    ),
)
