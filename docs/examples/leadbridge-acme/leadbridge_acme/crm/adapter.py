"""Acme CRM's people: one call finds or makes a person and answers with all that it kept."""

from collections.abc import Mapping
from typing import ClassVar, Final

from leadbridge.crm.adapter import Adapter, Answer, Answers, Call, Done, LeadKey, Limits, Quota, Step
from leadbridge.crm.answers import Reading, asked_wait
from leadbridge.crm.draft import Draft, present, warn_of_unwritten
from leadbridge.crm.echo import Sent, same_phone, same_text, warnings_of
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Retry
from leadbridge.plan import Plan, RecordKind
from leadbridge_acme.crm.keys import LEAD_KEYS
from leadbridge_acme.crm.settings import AcmeSettings

_PURPOSE: Final = "upsert person"
_READING: Final = Reading(
    title="Acme",
    advice=(("", "Make a new key in Acme (Settings → API), put it into the configuration and restart."),),
    wait=asked_wait,
)


class Acme(Adapter):
    """One Acme workspace."""

    crm: ClassVar[str] = "acme"
    records: ClassVar[tuple[RecordKind, ...]] = ("person",)
    match_keys: ClassVar[tuple[str, ...]] = ("email",)
    lead_keys: ClassVar[Mapping[str, LeadKey]] = LEAD_KEYS
    official_base_url: ClassVar[str] = "https://api.acme.example/v1"
    official_quota: ClassVar[Quota] = Quota(limit=60, window=60.0)

    def __init__(self, settings: AcmeSettings) -> None:
        self._settings = settings

    @property
    def base_url(self) -> str:
        """Where calls go, without a slash at the end."""
        return str(self._settings.base_url or self.official_base_url).rstrip("/")

    @property
    def account(self) -> str:
        """The workspace: Acme counts its quota by it."""
        return self._settings.workspace

    def headers(self) -> dict[str, str]:
        """The key, and what we speak."""
        return {
            "authorization": f"Bearer {self._settings.api_key.get_secret_value()}",
            "accept": "application/json",
            "user-agent": "leadbridge/acme",
        }

    def crm_trace_id(self, answer: Answer) -> str | None:
        """Acme's own id for the exchange."""
        return answer.headers.get("acme-request-id")

    def probe(self) -> Call:
        """Whose key it is: it asks for nothing and changes nothing, and a key that is no good is refused."""
        return Call(purpose="probe", method="GET", path="/me")

    def probed(self, answer: Answer) -> Retry | Hold | None:
        """Good unless the key is refused, or Acme is away."""
        refusal = _READING.refusal(answer)
        return None if isinstance(refusal, Fail) else refusal

    def limits(self, answer: Answer) -> Limits | None:
        """Acme says nothing of its quota but when to come again."""
        wait = asked_wait(answer)
        return None if wait is None else Limits(wait=wait)

    def next(self, plan: Plan, answers: Answers) -> Step:
        """One call, then what came of it."""
        if plan.match is None:
            return Done(outcome=Hold(reason="no_match_key", detail="Acme finds people by e-mail, and it has none."))
        if plan.custom_fields or plan.tags.remove or plan.tags.replace is not None:
            return Done(outcome=Fail(detail="Acme has no custom fields, and labels can only be added."))
        draft = _drafted(plan)
        if _PURPOSE not in answers:
            # An upsert by a unique key: the same call again changes nothing more.
            return Call(purpose=_PURPOSE, method="PUT", path="/people", body=draft.body)
        return Done(outcome=_outcome(draft, answers[_PURPOSE]))


def _drafted(plan: Plan) -> Draft:
    lead, draft = plan.lead, Draft()
    warn_of_unwritten(draft, lead, LEAD_KEYS)
    name = " ".join(present(lead.name) or present(lead.first_name, lead.last_name))
    for place, value, same in (
        ("name", name, same_text),
        ("email", lead.email, same_text),
        ("phone", lead.phone, same_phone),
        ("company", lead.company, same_text),
    ):
        if value:
            draft.body[place] = value
            draft.sent.append(Sent(field=place, place=place, value=value, same=same, cause="Acme did not take it."))
    labels = [*lead.tags, *plan.tags.add]
    if labels:
        draft.body["add_labels"] = labels
    return draft


def _outcome(draft: Draft, answer: Answer) -> Outcome:
    refusal = _READING.refusal(answer)
    if refusal is not None:
        return refusal
    person = answer.body.get("person")
    if not isinstance(person, dict) or "id" not in person:
        return Retry(detail="Acme answered without the person that it wrote.")  # an upsert may be made again
    warnings = (*draft.warnings, *warnings_of(tuple(draft.sent), person))
    return Delivered(record_id=str(person["id"]), created=answer.status == 201, warnings=warnings)
