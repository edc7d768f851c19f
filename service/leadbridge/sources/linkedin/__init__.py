"""LinkedIn Lead Sync: the notification about a response to a Lead Gen Form."""

from typing import Final

from leadbridge.sources.handshakes import LINKEDIN
from leadbridge.sources.linkedin.lead import FETCH
from leadbridge.sources.parts import picked
from leadbridge.sources.preset import Ignore, Joined, Moment, Path, Preset
from leadbridge.sources.shapes import event

PRESET: Final = Preset(
    name="linkedin",
    title="LinkedIn Lead Sync",
    description="Announcements of Lead Gen Form responses, by their URNs.",
    shape=event(
        picked(
            {
                "leadGenFormResponse": "leadGenFormResponse",
                "leadGenForm": "leadGenForm",
                "leadType": "leadType",
            }
        ),
        meta={
            "form_id": "leadGenForm",
            "submission_id": "leadGenFormResponse",
            "submitted_at": "occurredAt",
            "lead_type": "leadType",
            "sponsored_account": "owner.sponsoredAccount",
            "organization": "owner.organization",
            "event": "associatedEntity.event",
        },
    ),
    scheme={
        "scheme": "hmac",
        "header": "x-li-signature",
        "signs": "hmacsha256={body}",
    },  # the text is not in the header
    dedupe=(Joined(Path("leadGenFormResponse"), Path("occurredAt")), Path("leadGenFormResponse")),
    event_at=Moment("occurredAt", unit="ms"),
    ignore=(
        Ignore(path="type", unless=("LEAD_ACTION",), reason="the notification {value} is no lead"),
        Ignore(path="leadAction", values=("DELETED",), reason="the lead was deleted at LinkedIn"),
        Ignore(path="leadAction", unless=("CREATED",), reason="the lead action {value} is no new lead"),
    ),
    handshakes=(LINKEDIN,),
    thin="the answers, which GET /rest/leadFormResponses/{id} has, and what its questions mean",
    fetch=FETCH,
    on_unparseable="accept",  # else it is sent again for hours
)
