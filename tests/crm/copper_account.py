"""Copper's adapter against the emulated Copper, with as much of an engine as it takes: tries, lost answers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from leadbridge.crm.adapter import MOST_CALLS, Answer, Call, Done
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Outcome, Retry
from leadbridge.plan import Plan, Progress
from leadbridge.sandbox import CopperOptions, CopperSeed, SandboxOptions
from tests.sandbox.support import Bench

EMAIL = {"by": "email", "value": "ann@example.test"}
ANN = {"name": "Ann Lee", "email": "ann@example.test"}
OLD = {"date_created": 1_500_000_000, "date_modified": 1_600_000_000}
ADAPTER = example_adapter(CRMS["copper"])
TRIES = 12
Fate: TypeAlias = Literal["good", "lost before", "lost after", "503", "500 after"]


@dataclass
class Account:
    """One account of the emulated Copper, with a clock that passes only while nothing is sent."""

    switches: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bench = Bench(SandboxOptions(quotas=False, copper=CopperOptions.model_validate(self.switches)))
        self.calls: list[str] = []  # the purposes of the last delivery
        self.progress = Progress()
        self.before: Callable[[Call], Any] | None = None  # what somebody else does meanwhile
        self.fates: list[Fate] = []  # of the next calls; then all goes well

    async def seed(self, **seed: Json) -> None:
        await self.bench.control.seed(CopperSeed.model_validate({"crm": "copper", "account": "acme", **seed}))

    async def holds(self, kind: str) -> list[dict[str, Any]]:
        state = await self.bench.control.state("copper")
        listed: list[dict[str, Any]] = state["copper"].get("acme", {}).get(kind, [])
        return listed

    async def deliver(self, plan: dict[str, Json] | Plan, *, lose: Collection[str] = ()) -> Outcome:
        """Try until there is an outcome; the answers to the purposes in `lose` never come the first time."""
        given = plan if isinstance(plan, Plan) else Plan.model_validate(plan)
        self.calls, self.progress = [], given.progress
        to_lose = set(lose)
        outcome: Outcome = Retry(detail="not tried")
        for _ in range(TRIES):
            outcome = await self._try(given.model_copy(update={"progress": self.progress}), to_lose)
            if not isinstance(outcome, Retry):
                return outcome
            self.bench.clock.elapsed += (outcome.after or 0) + 2
        return outcome

    async def _try(self, plan: Plan, to_lose: set[str]) -> Outcome:
        answers: dict[str, Answer] = {}
        while not isinstance(step := ADAPTER.next(plan, dict(answers)), Done):
            assert step.purpose not in answers
            if not step.safe_to_repeat:
                assert step.purpose not in plan.progress.done
                assert step.purpose not in plan.progress.unsure or answers, "nobody has looked"
            self.calls.append(step.purpose)
            fate = "lost after" if step.purpose in to_lose else self.fates.pop(0) if self.fates else "good"
            to_lose.discard(step.purpose)
            answer = await self._met(step, fate)
            if answer is not None:
                answers[step.purpose] = answer
                self.progress = ADAPTER.progress(plan, dict(answers))
            if not step.safe_to_repeat and fate in ("lost before", "lost after", "500 after"):
                unsure = {**self.progress.unsure, step.purpose: self.bench.clock.now()}
                self.progress = self.progress.model_copy(update={"unsure": unsure})
            if answer is None or (fate == "500 after" and not step.safe_to_repeat):
                return Retry(detail=fate, after=step.shows_after)
            assert len(answers) < MOST_CALLS
        return step.outcome

    async def _met(self, call: Call, fate: Fate) -> Answer | None:
        """What the engine sees of a call."""
        if fate == "503":
            return Answer(status=503, headers={}, body=None, text="")
        answer = None if fate == "lost before" else await self._send(call)
        if fate == "500 after":
            return Answer(status=500, headers={}, body=None, text="oops")
        return answer if fate == "good" else None

    async def _send(self, call: Call) -> Answer:
        if self.before is not None:
            await self.before(call)
        response = await self.bench.copper(call.method, call.path, call.body)
        try:
            body = response.json()
        except ValueError:
            body = None
        return Answer(status=response.status_code, headers=dict(response.headers), body=body, text=response.text)


def lead(given: dict[str, Json] | None = None, match: Json = EMAIL, **more: Json) -> dict[str, Json]:
    return {"record": "lead", "lead": ANN if given is None else given, "match": match, **more}


def known(lead_id: int = 7, **more: Json) -> dict[str, Json]:
    return {
        "id": lead_id,
        "name": "Ann Lee",
        "email": {"email": "ann@example.test", "category": "work"},
        **OLD,
        **more,
    }


def delivered(outcome: object) -> Delivered:
    assert isinstance(outcome, Delivered), outcome
    return outcome
