"""The emulated CRMs as a transport without sockets, whose calls meet with what a test says."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.crm.registry import CRMS
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Outcome, Retry
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import Plan, RecordKind
from leadbridge.sandbox.copper.api import Copper
from leadbridge.sandbox.leadconnector.api import LeadConnector
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed
from leadbridge.sandbox.world import World
from tests.sandbox.asked import asked
from tests.support.clock import ManualClock

# What befalls a call: nothing; it never leaves; nobody sees what it did, or that it did nothing; the CRM says to wait;
# it is refused for good; this process dies before or after it is done.
Fate: TypeAlias = Literal[
    "good", "not sent", "lost before", "lost after", "503", "429", "refused", "crash before", "crash after"
]
ACCOUNT: Final = "town"
_SETTINGS: Final[dict[str, dict[str, Json]]] = {
    "copper": {"crm": "copper", "access_token": ACCOUNT, "user_email": "ops@example.test"},
    "leadconnector": {"crm": "leadconnector", "location_id": ACCOUNT, "token": "pit-town"},
}
_TRIES: Final = 5
_WAY: Final = 0.001  # seconds to the CRM, and back
_BUDGET: Final = {"id": 7, "name": "Roof size"}


@dataclass
class EmulatedCrm:
    """One account, and how a test sees it."""

    record: RecordKind
    clock: ManualClock
    calls: int = 0
    misplaced: list[str] = field(default_factory=list)  # writes to a record that the plan's match key does not fit
    _led_to: set[tuple[int, str]] = field(default_factory=set)  # where a plan's key led, whatever it is by now

    def __post_init__(self) -> None:
        name = "leadconnector" if self.record == "contact" else "copper"
        kind = CRMS[name]
        self.adapter: Adapter = kind.adapter(kind.settings.model_validate(_SETTINGS[name]))
        world = World(clock=self.clock, options=SandboxOptions(quotas=False))
        self._emulated: Copper | LeadConnector
        if name == "copper":
            self._emulated = copper = Copper(world)
            budget = {**_BUDGET, "data_type": "Float"}
            copper.seed(CopperSeed.model_validate({"account": ACCOUNT, "custom_field_definitions": [budget]}))
        else:
            self._emulated = location = LeadConnector(world)
            budget = {"id": "budget", "name": "Roof size", "data_type": "NUMERICAL"}
            location.seed(LeadConnectorSeed.model_validate({"account": ACCOUNT, "custom_fields": [budget]}))

    def seed(self, *records: dict[str, Json]) -> None:
        """Put records there beforehand, as the CRM's API writes them."""
        emulated = self._emulated
        if isinstance(emulated, Copper):
            kind = "leads" if self.record == "lead" else "people"
            emulated.seed(CopperSeed.model_validate({"account": ACCOUNT, kind: records}))
        else:
            emulated.seed(LeadConnectorSeed.model_validate({"account": ACCOUNT, "contacts": records}))

    def answer(self, call: Call) -> Answer:
        """What the CRM does and answers."""
        return asked(self._emulated, call, headers=self.adapter.headers())

    def answer_to(self, plan: Plan, call: Call) -> Answer:
        """The same, looking at whose records and notes the call of this plan writes."""
        before, noted = self.records(), self._noted()
        self.clock.advance(_WAY)
        answer = self.answer(call)
        self.clock.advance(_WAY)
        self.calls += 1
        after = {record["id"]: record for record in self.records()}
        written = {str(record["id"]) for record in before if after.get(record["id"]) != record}
        written |= {record_id for note, record_id in self._noted().items() if note not in noted}
        for record in before:
            way = id(plan), str(record["id"])
            if way[1] in written and way not in self._led_to:
                if not self._is_meant(plan, record, before):
                    self.misplaced.append(f"{call.purpose} of {plan.match}: {record}")
                self._led_to.add(way)
        self._led_to |= {(id(plan), str(made)) for made in after.keys() - {record["id"] for record in before}}
        return answer

    def _is_meant(self, plan: Plan, record: dict[str, Any], among: list[dict[str, Any]]) -> bool:
        """Whether the plan's match key, or a person, says that it is about this record."""
        if plan.choice is not None and plan.choice.use is not None:
            return plan.choice.use == str(record["id"])
        assert plan.match is not None
        if plan.match.value in identifiers(record):
            return True
        # LeadConnector itself looks for the phone number where nobody has the e-mail address.
        strangers = all(plan.lead.email not in identifiers(other) for other in among)
        return self.record == "contact" and strangers and plan.lead.phone in identifiers(record)

    def _noted(self) -> dict[str, str]:
        """The record of each note."""
        state: Any = self._emulated.state().get(ACCOUNT, {})
        on_leads = {str(one["id"]): str(one["parent"]["id"]) for one in state.get("activities", [])}
        return on_leads | {str(one["id"]): str(one["contactId"]) for one in state.get("notes", [])}

    def one_by_one(self, plan: Plan) -> None:
        """Deliver a plan while every call is answered, and nobody else is at work."""
        outcome: Outcome = Retry(detail="not tried")
        for _ in range(_TRIES):
            answers: dict[str, Answer] = {}
            step = self.adapter.next(plan, dict(answers))
            while isinstance(step, Call):
                answers[step.purpose] = self.answer(step)
                step = self.adapter.next(plan, dict(answers))
            outcome = step.outcome
            if not isinstance(outcome, Retry):
                break
            plan = plan.model_copy(update={"progress": self.adapter.progress(plan, dict(answers))})
            self.clock.advance(max(outcome.after or 0.0, 600.0))  # the CRM's search has caught up
        assert isinstance(outcome, Delivered), outcome

    def records(self) -> list[dict[str, Any]]:
        """What the account holds, as the CRM shows it."""
        state: Any = self._emulated.state().get(ACCOUNT, {})
        found: list[dict[str, Any]] = state.get(
            {"lead": "leads", "person": "people", "contact": "contacts"}[self.record], []
        )
        return found

    def notes(self) -> list[str]:
        """The texts of all notes."""
        state: Any = self._emulated.state().get(ACCOUNT, {})
        return sorted(
            str(note.get("details", note.get("body"))) for key in ("activities", "notes") for note in state.get(key, [])
        )


def identifiers(record: dict[str, Any]) -> set[str]:
    """The e-mail addresses and phone numbers by which a record is found."""
    listed = [record.get("email"), record.get("phone"), *record.get("emails", ()), *record.get("phone_numbers", ())]
    texts = [one.get("email", one.get("number")) if isinstance(one, dict) else one for one in listed]
    return {text for text in texts if text}


@dataclass
class Fated:
    """The transport: each call meets the next fate; when there are none left, all goes well."""

    crm: EmulatedCrm
    fates: list[Fate] = field(default_factory=list)
    crash: Callable[[], None] = lambda: None
    plans: Mapping[str, Plan] = field(default_factory=dict)  # by their trace
    met: Counter[Fate] = field(default_factory=Counter)

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        fate = self.fates.pop(0) if self.fates else "good"
        self.met[fate] += 1
        await asyncio.sleep(0)  # another call may come first
        if fate == "not sent":
            raise Unanswered("no connection", sent=False)
        if fate == "lost before":
            raise Unanswered("no answer", sent=True)
        if fate in ("503", "429"):
            return Answer(status=int(fate), headers={}, body=None, text="")
        if fate == "refused" and call.purpose.startswith(("upsert", "create")):  # what comes after it only warns
            return Answer(status=400, headers={}, body={"message": "Refused"}, text="Refused")
        if fate == "crash before":
            self.crash()
            await asyncio.Event().wait()
        answer = self.crm.answer_to(self.plans[trace_id], call)
        if fate == "crash after":
            self.crash()
            await asyncio.Event().wait()
        if fate == "lost after":
            raise Unanswered("no answer", sent=True)
        return answer

    async def close(self) -> None:
        """Nothing to let go."""
