"""What the Graph API tells of a lead."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, FieldType
from leadbridge.sources.completing import completing
from leadbridge.sources.fetching import Fetch, Part, Step, Trouble
from leadbridge.sources.parts import typed
from leadbridge.sources.places import at
from leadbridge.sources.shapes import event, labelled

_ASKED: Final = (
    "id,created_time,form_id,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,is_organic,platform,"
    "field_data,custom_disclaimer_responses"
)
_TYPES: Final[dict[str, FieldType]] = {
    "full_name": "name",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "work_email": "email",
    "phone_number": "phone",
    "work_phone_number": "phone",
    "company_name": "company",
    "website": "website",
    "street_address": "address",
    "date_of_birth": "date",
}
_DUMMY: Final = "<test lead:"  # what the Lead Ads Testing Tool fills in

_SHAPE: Final = event(
    labelled("lead.field_data", label="name", value="values", unwrap=True),
    labelled("lead.custom_disclaimer_responses", label="checkbox_key", value="is_checked", kind="consent"),
    typed(_TYPES),
    meta={
        "ad_id": "lead.ad_id",
        "ad_name": "lead.ad_name",
        "adset_id": "lead.adset_id",
        "adset_name": "lead.adset_name",
        "campaign_id": "lead.campaign_id",
        "campaign_name": "lead.campaign_name",
        "platform": "lead.platform",
    },
)


def _lead(document: Document) -> Iterator[Event]:
    """The lead, ignored when the Lead Ads Testing Tool made it; without answers it is none."""
    if not isinstance(at(document.value, "lead.field_data"), list):
        raise Unparseable("the lead has no answers: its token may lack `leads_retrieval`", place="lead.field_data")
    for found in _SHAPE(document):
        values = (one for value in found.fields.values() for one in (value if isinstance(value, list) else [value]))
        is_test = any(isinstance(one, str) and one.startswith(_DUMMY) for one in values)
        yield replace(found, ignored="a test lead of the Lead Ads Testing Tool") if is_test else found


FETCH: Final = Fetch(
    base_url="https://graph.facebook.com",
    version="v24.0",
    steps=(
        Step(
            name="lead",
            path="/{version}/{leadgen_id}",
            parts={"leadgen_id": Part("entry.changes.value.leadgen_id", pattern=r"[0-9]{1,40}")},
            query={"fields": _ASKED},
            same_as={"leadgen_id": "id"},
        ),
    ),
    complete=completing(_lead),
    limit=200,
    window=3_600,
    request_id="x-fb-trace-id",
    renewal="Meta's page tokens and those of system users can be made so that they do not expire; each needs "
    "`leads_retrieval`",
    # The status is 400 for nearly all of them: https://developers.facebook.com/docs/graph-api/guides/error-handling
    troubles=(
        Trouble(kind="down", path="error.code", values=(1, 2)),
        Trouble(kind="quota", path="error.code", values=(4, 17, 32, 341, 613, *range(80_000, 80_015))),
        Trouble(kind="credentials", path="error.code", values=(3, 102, 190)),
        Trouble(kind="forbidden", path="error.code", values=(10, *range(200, 300))),
        Trouble(kind="credentials", path="error.code", values=(2635,)),  # the version is switched off: a person's task
    ),
)
