"""A due delivery thought through before it is claimed: what it writes, and its first step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError
from pydantic_core import to_json

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Answer, Call, Step
from leadbridge.deliver.composing import as_found_on, composed, expected_record, read_plan
from leadbridge.deliver.facts import AccountFacts
from leadbridge.deliver.findings import must_not_be_made
from leadbridge.deliver.refusals import Refusals
from leadbridge.logs import Logger
from leadbridge.outcome import Fail, Hold, Outcome, Superseded
from leadbridge.plan import Plan
from leadbridge.store.claims import DueDelivery
from leadbridge.supervise import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A delivery that was read and thought through: its first step, and the answers it was found with.

    `delivery` has the followers that go with it; `plans` are its own and theirs, `plan` is what is written of them.
    """

    delivery: DueDelivery
    plans: Sequence[Plan]
    plan: Plan
    adapter: Adapter
    answers: Mapping[str, Answer]
    step: Step

    @property
    def first_call(self) -> Call | None:
        """The call that is stored with the claim; None when nothing is to be sent."""
        return self.step if isinstance(self.step, Call) else None

    def fits(self, record_id: str) -> bool:
        """Whether all that should be written to this record was: no part was left out for the sake of another one."""
        if expected_record(self.delivery, self.plans[0]) in (None, record_id):
            return True
        keys = self.adapter.lead_keys_of(self.plan.record)
        return as_found_on(record_id, self.delivery, self.plans, keys) == self.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A delivery that comes to rest without a call."""

    delivery: DueDelivery
    outcome: Outcome

    @property
    def first_call(self) -> Call | None:
        """None: it ends without a call."""
        return None


class Preparer:
    """Knows the adapters of a lane."""

    def __init__(
        self,
        lane: str,
        adapters: Mapping[str, Adapter],
        *,
        facts: AccountFacts,
        refusals: Refusals,
        clock: Clock,
        log: Logger,
    ) -> None:
        self._lane = lane
        self._adapters = adapters
        self._facts = facts
        self._refusals = refusals
        self._clock = clock
        self._log = log

    def prepare(self, delivery: DueDelivery) -> Prepared | Settled:
        """Read a delivery, with those that can go with it, and think its first step through."""
        adapter = self._adapters.get(delivery.destination)
        try:
            plans = [read_plan(delivery)]
        except ValidationError as error:
            reason = f"its stored plan cannot be read by this version: {error.error_count()} problems"
            return _alone(delivery, Fail(detail=reason))
        if adapter is None:
            detail = f"the configuration has no destination {delivery.destination!r} on this account any more"
            return _alone(delivery, Hold(reason="destination_removed", detail=detail))
        why = self._refusals.why_held(delivery.route, now=self._clock.monotonic()) if delivery.fresh else None
        if why is not None:
            return _alone(delivery, Hold(reason="repeated_failure", detail=why))
        if delivery.followers:
            delivery = _with_readable_followers(delivery, plans)
        try:
            return self._first_step(delivery, plans, adapter)
        except Exception as error:  # an adapter may be anyone's: its mistake must not stop the lane
            self._log.exception("adapter.crashed", lane=self._lane, destination=delivery.destination)
            return _alone(delivery, Fail(detail=words_of(error)))

    def _first_step(self, delivery: DueDelivery, plans: Sequence[Plan], adapter: Adapter) -> Prepared | Settled:
        plan = composed(delivery, plans, adapter.lead_keys_of(plans[0].record))
        if isinstance(plan, Superseded):
            return Settled(delivery=delivery, outcome=plan)
        answers = self._facts.known()
        step = adapter.next(plan, answers)
        if isinstance(step, Call):
            to_json(step.body)  # what cannot be written down must not come as far as the claim of all
            problem = must_not_be_made(step, plan, answers, looked=False)
            if problem is not None:
                return _alone(delivery, unknown_outcome(problem))
        return Prepared(delivery=delivery, plans=plans, plan=plan, adapter=adapter, answers=answers, step=step)


def unknown_outcome(problem: str) -> Hold:
    """A person has to look whether a call was done."""
    detail = f"{problem}. A repeat could make a second record; look in the CRM whether the first is there."
    return Hold(reason="unknown_outcome", detail=detail)


def _alone(delivery: DueDelivery, outcome: Outcome) -> Settled:
    return Settled(delivery=replace(delivery, followers=()), outcome=outcome)


def _with_readable_followers(delivery: DueDelivery, plans: list[Plan]) -> DueDelivery:
    """The delivery with the followers that can go with it; their plans are added to `plans`.

    What earlier calls did is known of all that went together then, and of no others.
    """
    followers: list[DueDelivery] = []
    for follower in delivery.followers if delivery.choice is None else ():
        came_later = delivery.progress is not None and not follower.tries
        if came_later or follower.progress is not None or follower.choice is not None:
            break
        try:
            plans.append(read_plan(follower))
        except ValidationError:
            break  # it fails by itself when its turn comes
        followers.append(follower)
    return replace(delivery, followers=tuple(followers))
