"""ActiveCampaign's webhooks, and the automation step of that name."""

from typing import Final

from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.preset import Ignore, Joined, Path, Preset
from leadbridge.sources.shapes import event

PRESET: Final = Preset(
    name="activecampaign",
    title="ActiveCampaign",
    description="Contacts that ActiveCampaign sends when they are added, changed or tagged, or from an automation.",
    shape=event(
        rest_of("contact", leave_out=("id", "ip", "ip4")),
        picked({"tag": "tag"}),
        typed(
            {
                "email": "email",
                "phone": "phone",
                "first_name": "first_name",
                "last_name": "last_name",
                "orgname": "company",
            }
        ),
        meta={
            "type": "type",
            "contact_id": "contact.id",
            "list_id": "list",
            "series_id": "seriesid",
            "submitted_at": "date_time",
            "initiated_from": "initiated_from",
            "initiated_by": "initiated_by",
            "ip": "contact.ip",
        },
    ),
    scheme={"scheme": "url", "parameter": "token"},
    dedupe=(Joined(Path("type"), Path("contact.id"), Path("date_time")),),
    dedupe_window=600,  # an automation's step has no type and no time
    event_at=Path("date_time"),
    ignore=(
        Ignore(path="type", values=("unsubscribe",), reason="somebody unsubscribed"),
        Ignore(
            path="type",
            unless=("subscribe", "update", "contact_tag_added"),
            reason="the event {value} is no lead",
        ),
    ),
)
