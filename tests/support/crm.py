"""A CRM that answers as a test says, and an adapter for it: deliver is tested without any vendor's rules."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from leadbridge.crm.adapter import Adapter, Answer, Answers, Call, Done, LeadKey, Quota, Step
from leadbridge.crm.copper.keys import LEAD_KEYS
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import Plan, RecordKind
from tests.support.gated import Gated


def answer(status: int = 200, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body={"id": 7} if body is None else body, text="{}")


class PlainAdapter(Adapter):
    """Upserts, then adds tags when the plan has some; facts about the account are asked for when a field is mapped."""

    crm: ClassVar[str] = "copper"
    records: ClassVar[tuple[RecordKind, ...]] = ("lead",)
    match_keys: ClassVar[tuple[str, ...]] = ("email",)
    lead_keys: ClassVar[Mapping[str, LeadKey]] = LEAD_KEYS
    official_base_url: ClassVar[str] = "http://localhost"
    official_quota: ClassVar[Quota] = Quota(limit=100, window=10.0)
    base_url: str = ""
    account: str = ""

    def __init__(self, *, account: str = "1", safe: bool = True) -> None:
        self.account = account
        self.base_url = "http://localhost"
        self.safe = safe

    def headers(self) -> dict[str, str]:
        return {}

    def next(self, plan: Plan, answers: Answers) -> Step:
        if plan.custom_fields and "fields" not in answers:
            return Call(purpose="fields", method="GET", path="/fields", shared=True)
        if plan.custom_fields and not set(plan.custom_fields) <= set(answers["fields"].body):
            return Done(outcome=Hold(reason="unknown_custom_field", detail="no such field"))
        if "upsert" not in answers:
            email = plan.match.value if plan.match else None
            return Call(purpose="upsert", method="PUT", path="/upsert", body=email, safe_to_repeat=self.safe)
        if plan.tags.add and answers["upsert"].ok and "tags" not in answers:
            return Call(purpose="tags", method="POST", path="/tags", body=list(plan.tags.add))
        last = answers.get("tags", answers["upsert"])
        if last.status == 429 or last.status >= 500:
            after = last.headers.get("retry_after")
            return Done(outcome=Retry(detail=f"HTTP {last.status}", after=float(after) if after else None))
        if last.status == 401:
            return Done(outcome=Hold(reason="bad_credentials", detail="HTTP 401: mend the token."))
        if not last.ok:
            return Done(outcome=Fail(detail=f"HTTP {last.status}"))
        body = answers["upsert"].body
        return Done(outcome=Delivered(record_id=str(body["id"]), created=body.get("new", True)))

    def crm_trace_id(self, answer: Answer) -> str | None:
        return answer.headers.get("x-request-id")

    def probe(self) -> Call:
        return Call(purpose="probe", method="GET", path="/me")

    def probed(self, answer: Answer) -> Retry | Hold | None:
        if answer.status == 401:
            return Hold(reason="bad_credentials", detail="HTTP 401: the account refuses the token")
        return None if answer.ok else Retry(detail=f"HTTP {answer.status}")


class ScriptedTransport(Gated[Call, Answer]):
    """Answers by a function of the call."""

    def __init__(self, respond: Callable[[Call], Answer | Unanswered] | None = None) -> None:
        super().__init__(respond or (lambda _call: answer()))

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        return await self.answer(call)
