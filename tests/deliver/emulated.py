"""The emulated CRMs as a transport without sockets, whose calls meet with what a test says."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import orjson

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.crm.registry import CRMS
from leadbridge.deliver.transport import Unanswered
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Outcome, Retry
from leadbridge.plan import Plan, RecordKind
from leadbridge.sandbox.copper.api import Copper
from leadbridge.sandbox.exchange import ApiRequest
from leadbridge.sandbox.leadconnector.api import LeadConnector
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed
from leadbridge.sandbox.world import World
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
_BUDGET: Final = {"id": 7, "name": "Roof size"}


@dataclass
class EmulatedCrm:
    """One account, and how a test sees it."""

    record: RecordKind
    clock: Clock

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
        request = ApiRequest(
            method=call.method,
            path=call.path,
            query=dict(call.query),
            headers=self.adapter.headers(),
            body=b"" if call.body is None else orjson.dumps(call.body),
            payload=call.body,
            trace_id="t",
        )
        admitted = self._emulated.admit(request)
        reply = self._emulated.answer(request, admitted) if isinstance(admitted, str) else admitted
        return Answer(status=reply.status, headers={}, body=json.loads(reply.body), text=reply.body.decode())

    def one_by_one(self, plan: Plan, clock: ManualClock) -> None:
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
            clock.advance(max(outcome.after or 0.0, 600.0))  # the CRM's search has caught up
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


@dataclass
class Fated:
    """The transport: each call meets the next fate; when there are none left, all goes well."""

    crm: EmulatedCrm
    fates: list[Fate] = field(default_factory=list)
    crash: Callable[[], None] = lambda: None

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        fate = self.fates.pop(0) if self.fates else "good"
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
        answer = self.crm.answer(call)
        if fate == "crash after":
            self.crash()
            await asyncio.Event().wait()
        if fate == "lost after":
            raise Unanswered("no answer", sent=True)
        return answer

    async def close(self) -> None:
        """Nothing to let go."""
