"""Meta Lead Ads (Facebook and Instagram instant forms): the page's `leadgen` webhook."""

from typing import Final

from leadbridge.events import Reply
from leadbridge.sources.handshakes import META
from leadbridge.sources.meta.lead import FETCH
from leadbridge.sources.parts import ids, rest_of
from leadbridge.sources.preset import Ignore, Moment, Path, Preset
from leadbridge.sources.shapes import each, event

_IDS: Final = ("leadgen_id", "form_id", "page_id", "ad_id", "adgroup_id")

PRESET: Final = Preset(
    name="meta",
    title="Meta Lead Ads",
    description="Announcements of leads from Facebook and Instagram forms, by their ids.",
    shape=each(
        "entry.changes",
        event(
            ids({name: f"entry.changes.value.{name}" for name in _IDS}),
            rest_of("entry.changes.value"),
            meta={
                "form_id": "entry.changes.value.form_id",
                "submission_id": "entry.changes.value.leadgen_id",
                "submitted_at": "entry.changes.value.created_time",
                "page_id": "entry.changes.value.page_id",
                "ad_id": "entry.changes.value.ad_id",
                "adgroup_id": "entry.changes.value.adgroup_id",
            },
        ),
    ),
    scheme={"scheme": "hmac", "header": "x-hub-signature-256", "prefix": "sha256="},
    dedupe=(Path("entry.changes.value.leadgen_id"),),
    volatile=frozenset({"entry.time"}),
    event_at=Moment("entry.changes.value.created_time", unit="s"),
    ignore=(
        Ignore(path="object", unless=("page",), reason="the object {value} is no page"),
        Ignore(path="entry.changes.field", unless=("leadgen",), reason="the change {value} is no lead"),
    ),
    handshakes=(META,),
    thin="the answers, which GET /{leadgen_id} of the Graph API has",
    fetch=FETCH,
    on_unparseable="accept",  # else it is sent again for 36 hours
    reply=Reply(status=200, body=b"{}"),
)
