"""LeadConnector contacts: an upsert, then the tags when the echo lacks some."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from leadbridge import __version__
from leadbridge.crm.adapter import Answer, Answers, Call, Done, LeadKey, Quota, Step
from leadbridge.crm.draft import Draft
from leadbridge.crm.echo import warnings_of
from leadbridge.crm.leadconnector.contact import drafted
from leadbridge.crm.leadconnector.custom_fields import (
    READ_PURPOSE,
    listed_fields,
    read_call,
    read_refusal,
    write_custom_fields,
)
from leadbridge.crm.leadconnector.keys import LEAD_KEYS
from leadbridge.crm.leadconnector.reading import Written, echo_of, written_in
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings
from leadbridge.crm.leadconnector.tags import change_tags, wishes
from leadbridge.crm.remembering import remembering
from leadbridge.outcome import Delivered, Fail, Hold, WriteWarning
from leadbridge.plan import Plan, RecordKind

API_VERSION: Final = "2021-07-28"
_UPSERT: Final = "upsert contact"
_AT_WORK: Final = 128  # plans between their first step and their last


class LeadConnector:
    """One location of LeadConnector, HighLevel or a white label of it."""

    crm: ClassVar[str] = "leadconnector"
    records: ClassVar[tuple[RecordKind, ...]] = ("contact",)
    match_keys: ClassVar[tuple[str, ...]] = ("email", "phone")
    lead_keys: ClassVar[Mapping[str, LeadKey]] = LEAD_KEYS
    official_base_url: ClassVar[str] = "https://services.leadconnectorhq.com"
    official_quota: ClassVar[Quota] = Quota(limit=100, window=10.0)

    def __init__(self, settings: LeadConnectorSettings) -> None:
        self._settings = settings

    @property
    def base_url(self) -> str:
        """Where calls go, without a slash at the end."""
        return str(self._settings.base_url or self.official_base_url).rstrip("/")

    @property
    def account(self) -> str:
        """The location's id: quotas count per location."""
        return self._settings.location_id

    def headers(self) -> dict[str, str]:
        """The token, the API's version (401 without it), and a real User-Agent (its firewall refuses some defaults)."""
        return {
            "authorization": f"Bearer {self._settings.token.get_secret_value()}",
            "version": API_VERSION,
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"leadbridge/{__version__}",
        }

    def crm_trace_id(self, answer: Answer) -> str | None:
        """The `traceId` in the body, which HighLevel's support asks for."""
        trace_id = answer.body.get("traceId") if isinstance(answer.body, dict) else None
        return trace_id if isinstance(trace_id, str) else None

    def next(self, plan: Plan, answers: Answers) -> Step:
        """The custom fields' ids when the plan has some, the upsert, and the tags. At most four calls."""
        draft = _draft(plan, self._settings.location_id, answers.get(READ_PURPOSE))
        if isinstance(draft, Call | Done):
            return draft
        if _UPSERT not in answers:
            return Call(purpose=_UPSERT, method="POST", path="/contacts/upsert", body=draft.body)
        written = written_in(answers[_UPSERT])
        if not isinstance(written, Written):
            return Done(outcome=written)
        tags = change_tags(wishes(plan), written, answers)
        return tags if isinstance(tags, Call | Done) else _delivered(draft, written, tags)


@remembering(_AT_WORK)
def _draft(plan: Plan, location_id: str, fields: Answer | None) -> Draft | Call | Done:
    """The contact as it is sent, from the plan and the location's fields alone: the same at every step."""
    if plan.record not in LeadConnector.records:
        return Done(outcome=Fail(detail=f"leadbridge writes contacts to LeadConnector, not a {plan.record}."))
    draft = drafted(plan, location_id)
    if isinstance(draft, Hold):
        return Done(outcome=draft)
    if plan.custom_fields:
        if fields is None:
            return read_call(location_id)
        refusal = read_refusal(fields)
        if refusal is None:
            refusal = write_custom_fields(draft, plan.custom_fields, listed_fields(fields))
        if refusal is not None:
            return Done(outcome=refusal)
    whole = wishes(plan).whole
    if whole is not None:
        draft.body["tags"] = list(whole)
    return draft


def _delivered(draft: Draft, written: Written, tag_warnings: list[WriteWarning]) -> Done:
    # A new contact keeps its gender without showing it; on one that existed, not showing it means that it was ignored.
    sent = tuple(draft.sent)
    if written.created is False:
        sent = tuple(one if one.must_echo else replace(one, must_echo=True) for one in sent)
    warnings = (*draft.warnings, *warnings_of(sent, echo_of(written.contact)), *tag_warnings)
    return Done(outcome=Delivered(record_id=written.contact_id, created=written.created, warnings=warnings))
