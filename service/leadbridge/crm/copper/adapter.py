"""Copper leads: an upsert, then one more call when a list is to grow."""

from collections.abc import Mapping
from typing import ClassVar

from leadbridge import __version__
from leadbridge.crm.adapter import Answer, Answers, Call, Done, LeadKey, Quota, Step
from leadbridge.crm.copper.keys import LEAD_KEYS
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.crm.copper.writes import create, grow_lists, prepare, upsert
from leadbridge.outcome import Fail
from leadbridge.plan import Plan, RecordKind


class Copper:
    """One Copper account."""

    crm: ClassVar[str] = "copper"
    records: ClassVar[tuple[RecordKind, ...]] = ("lead",)
    match_keys: ClassVar[tuple[str, ...]] = ("email", "name", "custom")
    lead_keys: ClassVar[Mapping[str, LeadKey]] = LEAD_KEYS
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
        """Copper's own request id."""
        return answer.headers.get("x-request-id")

    def next(self, plan: Plan, answers: Answers) -> Step:
        """Lookups that the plan needs, the write, and the lists. At most four lookups and four calls of its own."""
        if plan.record not in self.records:
            return Done(outcome=Fail(detail=f"leadbridge writes leads to Copper, not a {plan.record}."))
        prepared = prepare(plan, answers)
        if isinstance(prepared, Call | Done):
            return prepared
        if prepared.by is None:
            return create(prepared, answers)
        written = upsert(prepared, prepared.by, answers)
        return written if isinstance(written, Call | Done) else grow_lists(prepared, written, answers)
