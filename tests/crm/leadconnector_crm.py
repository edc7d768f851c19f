"""A LeadConnector location in this process, calls to it, and an engine that tries as the real one does."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlencode

from leadbridge.crm.adapter import MOST_CALLS, Answer, Call, Done
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.deliver.findings import Findings, must_not_be_made
from leadbridge.events import Json
from leadbridge.outcome import Outcome, Retry
from leadbridge.plan import Plan
from leadbridge.sandbox.leadconnector.api import LeadConnector as Emulated
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.seeds import LeadConnectorSeed
from leadbridge.sandbox.world import World
from tests.openapi.contract import check_request
from tests.sandbox.asked import asked
from tests.sandbox.support import StillClock

ADAPTER: Final = example_adapter(CRMS["leadconnector"])
MOST_TRIES: Final = 12
# What befalls a call: nothing; nobody sees what was done; it is not done and nobody knows; an answer that says neither.
Trouble: TypeAlias = Literal[
    "", "lost answer", "lost call", "done and 500", "500", "done and 422", "429", "half answer"
]


@dataclass
class Location:
    """The emulated location that the recorded exchanges belong to; remembers the calls."""

    options: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = StillClock()
        self.calls: list[Call] = []
        self._emulated = Emulated(
            World(clock=self.clock, options=SandboxOptions.model_validate({"leadconnector": self.options}))
        )

    def seed(self, *contacts: dict[str, Json], **more: Json) -> None:
        values = {"account": ADAPTER.account, "contacts": contacts, **more}
        self._emulated.seed(LeadConnectorSeed.model_validate(values))

    @property
    def contacts(self) -> list[dict[str, Any]]:
        return self._kept("contacts")

    @property
    def notes(self) -> list[dict[str, Any]]:
        return self._kept("notes")

    def contact(self, contact_id: str) -> dict[str, Any]:
        return next(contact for contact in self.contacts if contact["id"] == contact_id)

    def answer(self, call: Call) -> Answer:
        """What the location does and answers; the call must be as the official document says."""
        self.calls.append(call)
        query = f"?{urlencode(call.query)}" if call.query else ""
        check_request(call.method, f"{call.path}{query}", call.body)
        return asked(self._emulated, call, headers={"version": "2021-07-28", **ADAPTER.headers()})

    def _kept(self, kind: str) -> list[dict[str, Any]]:
        state: Any = self._emulated.state().get(ADAPTER.account, {})
        return list(state.get(kind, []))


def plan_of(lead: dict[str, Any], **more: Any) -> Plan:
    match = {"by": "email", "value": lead["email"]} if lead.get("email") else None
    return Plan.model_validate({"record": "contact", "lead": lead, "match": match, **more})


def delivered(location: Location, plan: Plan) -> Outcome:
    """What comes of a delivery when every call is answered."""
    answers: dict[str, Answer] = {}
    while not isinstance(step := ADAPTER.next(plan, dict(answers)), Done):
        assert step.purpose not in answers
        assert len(answers) < MOST_CALLS
        answers[step.purpose] = location.answer(step)
    return step.outcome


def tried(location: Location, plan: Plan, troubles: Callable[[Call], Trouble]) -> Iterable[Outcome]:
    """Try after try, as the engine makes them, until one ends otherwise than with Retry."""
    for _ in range(MOST_TRIES):
        findings = Findings(plan.progress, asks_whether_new=plan.asks_whether_new)
        outcome = _try(location, plan, findings, troubles)
        yield outcome
        if not isinstance(outcome, Retry):
            return
        location.clock.elapsed += max(outcome.after or 0.0, outcome.at_least, 1.0)
        plan = plan.model_copy(update={"progress": findings.progress})


def _try(location: Location, plan: Plan, findings: Findings, troubles: Callable[[Call], Trouble]) -> Outcome:
    answers: dict[str, Answer] = {}
    looked = False
    while not isinstance(step := ADAPTER.next(plan, dict(answers)), Done):
        assert must_not_be_made(step, plan, answers, looked=looked) is None
        assert len(answers) < MOST_CALLS
        sent_at = location.clock.now()
        answer = _troubled(location, step, troubles(step))
        location.clock.elapsed += 0.1
        if answer is None:
            findings.unanswered(step, sent_at=sent_at)
            return Retry(detail="no answer", at_least=step.shows_after if findings.unsure_of(step) else 0.0)
        findings.answered(step, answer, sent_at=sent_at)
        looked = looked or (step.safe_to_repeat and answer.ok)
        answers[step.purpose] = answer
        findings.learned(ADAPTER.progress(plan, answers))
        if findings.unsure_of(step):
            return Retry(detail="may have been done", at_least=step.shows_after)
    return step.outcome


def _troubled(location: Location, call: Call, trouble: Trouble) -> Answer | None:
    if trouble in ("lost call", "500", "429"):
        return None if trouble == "lost call" else _refused(int(trouble))
    answer = location.answer(call)
    if trouble == "lost answer":
        return None
    if trouble == "half answer":
        return Answer(status=answer.status, headers={}, body=None, text=answer.text[: len(answer.text) // 2])
    if trouble.startswith("done and") and answer.ok:
        return _refused(int(trouble.removeprefix("done and ")))
    return answer


def _refused(status: int) -> Answer:
    body = {"statusCode": status, "message": "Something went wrong"}
    return Answer(status=status, headers={}, body=body, text=json.dumps(body))
