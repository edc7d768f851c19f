"""LeadConnector contacts: an upsert, then what its echo shows to be missing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from leadbridge import __version__
from leadbridge.crm.adapter import (
    Adapter,
    Answer,
    Answers,
    Call,
    Done,
    Grant,
    LeadKey,
    Limits,
    Quota,
    RouteOption,
    Step,
)
from leadbridge.crm.echo import warnings_of
from leadbridge.crm.leadconnector.contact import ContactDraft, drafted
from leadbridge.crm.leadconnector.custom_fields import (
    READ_PURPOSE,
    listed_fields,
    read_call,
    read_refusal,
    write_custom_fields,
)
from leadbridge.crm.leadconnector.filling import fill_in
from leadbridge.crm.leadconnector.grant import grant_of
from leadbridge.crm.leadconnector.keys import LEAD_KEYS
from leadbridge.crm.leadconnector.notes import ADD, add_note, is_noted, may_be_noted
from leadbridge.crm.leadconnector.reaching import MADE_ONCE, UPSERT, may_be_made, reach
from leadbridge.crm.leadconnector.reading import READ, Written, blames_the_token, echo_of, limits_of, refusal_of
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings
from leadbridge.crm.leadconnector.tags import change_tags, wishes
from leadbridge.crm.remembering import remembering
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Fail, Hold, Retry, WriteWarning
from leadbridge.plan import Plan, Progress, RecordKind

API_VERSION: Final = "2021-07-28"
_AT_WORK: Final = 128  # plans between their first step and their last
_NOBODY: Final = "nobody@leadbridge.invalid"


class LeadConnector(Adapter):
    """One location of LeadConnector, HighLevel or a white label of it."""

    crm: ClassVar[str] = "leadconnector"
    records: ClassVar[tuple[RecordKind, ...]] = ("contact",)
    match_keys: ClassVar[tuple[str, ...]] = ("email", "phone")
    lead_keys: ClassVar[Mapping[str, LeadKey]] = LEAD_KEYS
    supports: ClassVar[frozenset[RouteOption]] = frozenset({"write", "note", "allow_duplicates"})
    official_base_url: ClassVar[str] = "https://services.leadconnectorhq.com"
    official_quota: ClassVar[Quota] = Quota(limit=100, window=10.0, daily=200_000)

    def __init__(self, settings: LeadConnectorSettings) -> None:
        self._settings = settings
        self._grant = grant_of(settings, self.base_url)

    @property
    def base_url(self) -> str:
        """Where calls go, without a slash at the end."""
        return str(self._settings.base_url or self.official_base_url).rstrip("/")

    @property
    def account(self) -> str:
        """The location's id: quotas count per location."""
        return self._settings.location_id

    def headers(self) -> dict[str, str]:
        """The API's version (401 without it), a real User-Agent (its firewall refuses some defaults), and the token.

        With a grant the token is not ours to know.
        """
        headers = {
            "version": API_VERSION,
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"leadbridge/{__version__}",
        }
        token = self._settings.token
        return headers if token is None else {"authorization": f"Bearer {token.get_secret_value()}", **headers}

    def crm_trace_id(self, answer: Answer) -> str | None:
        """The `traceId` in the body, which HighLevel's support asks for."""
        trace_id = answer.body.get("traceId") if isinstance(answer.body, dict) else None
        return trace_id if isinstance(trace_id, str) else None

    def probe(self) -> Call:
        """A look for an address that nobody has: of the scopes that leadbridge asks for, it needs contacts.readonly.

        `GET /locations/{id}` would need one that it has no other use for.
        """
        query = {"locationId": self.account, "email": _NOBODY}
        return Call(purpose="probe", method="GET", path="/contacts/search/duplicate", query=query)

    def probed(self, answer: Answer) -> Retry | Hold | None:
        """Whether the token is taken; a refusal of the question itself says that it is."""
        refusal = refusal_of(answer, needs=READ)
        return None if isinstance(refusal, Fail) else refusal

    def limits(self, answer: Answer) -> Limits | None:
        """Both quotas, as the headers of most answers say."""
        return limits_of(answer)

    @property
    def grant(self) -> Grant | None:
        """The app's grant, when the settings name one in place of a token."""
        return self._grant

    def token_refused(self, answer: Answer) -> bool:
        """Whether a fresh access token may help: not for a missing scope or another location's token."""
        return self._grant is not None and blames_the_token(answer)

    def progress(self, plan: Plan, answers: Answers) -> Progress:
        """The contact that was reached and whether it was created, and what must not be done again."""
        known = plan.progress
        found: dict[str, Json] = {}
        settled: set[str] = set()
        done, doubted = list(known.done), [ADD] if may_be_noted(answers) else []
        doubted += [one for one in MADE_ONCE if one in answers and may_be_made(plan, one, answers[one])]
        reached = self._reached(plan, answers)
        if isinstance(reached, tuple):
            _, written = reached
            found = {"record_id": written.contact_id, "created": written.created}
            settled = {UPSERT}
            done += [written.once] if written.once is not None else []
            done += [ADD] if is_noted(plan, written, answers) else []
        elif not doubted:
            return known
        # The engine, which has a clock, puts in when a call was sent that may have been done.
        settled |= {*done}
        unsure = {purpose: at for purpose, at in known.unsure.items() if purpose not in settled}
        unsure |= dict.fromkeys(doubted, 0)
        return known.model_copy(update={**found, "done": tuple(dict.fromkeys(done)), "unsure": unsure})

    def next(self, plan: Plan, answers: Answers) -> Step:
        """The custom fields' ids when the plan has some, the contact, what its rules let in now, tags, and the note."""
        reached = self._reached(plan, answers)
        if not isinstance(reached, tuple):
            return reached
        draft, written = reached
        filled = fill_in(draft, self.account, written, answers)
        if isinstance(filled, Call | Done):
            return filled
        tagged = change_tags(wishes(plan), written, answers)
        if isinstance(tagged, Call | Done):
            return tagged
        noted = add_note(plan, written, answers)
        if isinstance(noted, Call | Done):
            return noted
        return _delivered(draft, written, (*filled, *tagged, *noted))

    def _reached(self, plan: Plan, answers: Answers) -> tuple[ContactDraft, Written] | Step:
        """What is to be written, and the contact as the first write left it; or what has to happen before."""
        draft = _draft(plan, self.account, answers.get(READ_PURPOSE))
        if isinstance(draft, Call | Done):
            return draft
        written = reach(draft, self.account, answers)
        return written if isinstance(written, Call | Done) else (draft, written)


@remembering(_AT_WORK)
def _draft(plan: Plan, location_id: str, fields: Answer | None) -> ContactDraft | Call | Done:
    """The contact as it is sent, from the plan and the location's fields alone: the same at every step."""
    if plan.record not in LeadConnector.records:
        return Done(outcome=Fail(detail=f"leadbridge writes contacts to LeadConnector, not a {plan.record}."))
    draft = drafted(plan)
    if plan.custom_fields:
        if fields is None:
            return read_call(location_id)
        refusal = read_refusal(fields)
        if refusal is None:
            refusal = write_custom_fields(draft, listed_fields(fields))
        if refusal is not None:
            return Done(outcome=refusal)
    return draft


def _delivered(draft: ContactDraft, written: Written, more: tuple[WriteWarning, ...]) -> Done:
    # A new contact keeps its gender without showing it; on one that existed, not showing it means that it was ignored.
    sent = tuple(draft.sent)
    if written.created is False:
        sent = tuple(one if one.must_echo else replace(one, must_echo=True) for one in sent)
    warnings = (*draft.warnings, *warnings_of(sent, echo_of(written.contact)), *more)
    return Done(outcome=Delivered(record_id=written.contact_id, created=written.created, warnings=warnings))
