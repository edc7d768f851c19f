"""Lead forms of Google Ads (lead form assets), by their webhook."""

from typing import Final

from leadbridge.events import FieldType, Reply
from leadbridge.sources.parts import picked, typed
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, labelled

_TYPES: Final[dict[str, FieldType]] = {
    "FULL_NAME": "name",
    "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email",
    "WORK_EMAIL": "email",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE": "phone",
    "COMPANY_NAME": "company",
}

PRESET: Final = Preset(
    name="google-ads",
    title="Google Ads lead forms",
    description="Leads of Google Ads lead forms: answers by column name and by column id, the click id, campaign ids.",
    shape=event(
        labelled(
            "user_column_data",
            label="column_name",
            key="column_id",
            value="string_value",
            type="column_id",
            types=_TYPES,
        ),
        picked({"gclid": "gcl_id"}),
        typed({"gclid": "hidden"}),
        meta={
            "form_id": "form_id",
            "submission_id": "lead_id",
            "submitted_at": "lead_submit_time",
            "campaign_id": "campaign_id",
            "adgroup_id": "adgroup_id",
            "creative_id": "creative_id",
            "asset_group_id": "asset_group_id",
            "lead_stage": "lead_stage",
        },
    ),
    scheme={"scheme": "body", "field": "google_key"},
    secrets_at=("google_key",),
    dedupe=(Path("lead_id"),),
    event_at=Path("lead_submit_time"),  # only newer versions of the webhook send it
    ignore=(Ignore(path="is_test", present=True, reason="a test lead, sent by the button in Google Ads"),),
    reply=Reply(status=200, body=b"{}"),  # what Google takes for success; it sends 5xx again, and 4xx never
)
