"""Copper leads and people: found or made by the first write, then one more call where something is to be added."""

from collections.abc import Mapping
from typing import ClassVar

from leadbridge import __version__
from leadbridge.crm.adapter import Adapter, Answer, Answers, Call, Done, LeadKey, Limits, Quota, RouteOption, Step
from leadbridge.crm.answers import asked_wait
from leadbridge.crm.copper.finishing import finish, first_write, progress_after
from leadbridge.crm.copper.kinds import LEAD, PERSON
from leadbridge.crm.copper.prepared import prepare
from leadbridge.crm.copper.reading import refusal_of
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.outcome import Fail, Hold, Retry
from leadbridge.plan import Plan, Progress, RecordKind


class Copper(Adapter):
    """One Copper account."""

    crm: ClassVar[str] = "copper"
    records: ClassVar[tuple[RecordKind, ...]] = ("lead", "person")
    match_keys: ClassVar[tuple[str, ...]] = LEAD.match_keys
    lead_keys: ClassVar[Mapping[str, LeadKey]] = LEAD.keys
    supports: ClassVar[frozenset[RouteOption]] = frozenset({"write", "note", "on_many"})
    official_base_url: ClassVar[str] = "https://api.copper.com/developer_api/v1"
    official_quota: ClassVar[Quota] = Quota(limit=180, window=60.0)

    def __init__(self, settings: CopperSettings) -> None:
        self._settings = settings

    @property
    def base_url(self) -> str:
        """Where calls go, without a slash at the end."""
        return str(self._settings.base_url or self.official_base_url).rstrip("/")

    @property
    def account(self) -> str:
        """The account's name in the settings, else its user: Copper tells its account number only when called."""
        return self._settings.account_id or self._settings.user_email.lower()

    @classmethod
    def lead_keys_of(cls, record: RecordKind) -> Mapping[str, LeadKey]:
        """How the lead's keys reach a lead or a person."""
        return PERSON.keys if record == PERSON.name else cls.lead_keys

    @classmethod
    def match_keys_of(cls, record: RecordKind) -> tuple[str, ...]:
        """By what a lead or a person can be found."""
        return PERSON.match_keys if record == PERSON.name else cls.match_keys

    def headers(self) -> dict[str, str]:
        """As https://developer.copper.com/introduction/authentication.html wants them."""
        return {
            "x-pw-accesstoken": self._settings.access_token.get_secret_value(),
            "x-pw-application": "developer_api",
            "x-pw-useremail": self._settings.user_email,
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"leadbridge/{__version__}",
        }

    def crm_trace_id(self, answer: Answer) -> str | None:
        """Copper's own id of a call, `x-request-id`; None when the answer has none."""
        return answer.headers.get("x-request-id")

    def next(self, plan: Plan, answers: Answers) -> Step:
        """Lookups that the plan needs, the first write, what is left to add, and the note.

        A lead takes one call and what is added a second; a person takes one more, for the look.
        """
        if plan.record not in self.records:
            return Done(outcome=Fail(detail=f"leadbridge writes leads and people to Copper, not a {plan.record}."))
        prepared = prepare(plan, answers)
        if isinstance(prepared, Call | Done):
            return prepared
        written = first_write(prepared, answers)
        return written if isinstance(written, Call | Done) else finish(prepared, written, answers)

    def progress(self, plan: Plan, answers: Answers) -> Progress:
        """The record and whether it was created, and what must not be done a second time."""
        prepared = prepare(plan, answers) if plan.record in self.records else None
        if prepared is None or isinstance(prepared, Call | Done):
            return plan.progress
        return progress_after(prepared, answers)

    def probe(self) -> Call:
        """The user who made the key: the cheapest call that proves it."""
        return Call(purpose="probe", method="GET", path="/users/me")

    def probed(self, answer: Answer) -> Retry | Hold | None:
        """What a probe's answer says: None when the account can be used again."""
        refusal = refusal_of(answer)
        return Retry(detail=refusal.detail) if isinstance(refusal, Fail) else refusal

    def limits(self, answer: Answer) -> Limits | None:
        """Copper tells nothing of its quota; `Retry-After` counts should it ever come."""
        wait = asked_wait(answer)
        return None if wait is None else Limits(wait=wait)
