"""What a delivery is to write now: its own plan, those of the ones that go with it, less what somebody newer wrote."""

from collections.abc import Sequence

from leadbridge.deliver.attributes import LeadKeys
from leadbridge.deliver.findings import record_landed_on
from leadbridge.deliver.merging import merged
from leadbridge.deliver.order import without_older
from leadbridge.outcome import Superseded
from leadbridge.plan import UNTOUCHED, Choice, Plan, Progress
from leadbridge.store.claims import DueDelivery


def read_plan(delivery: DueDelivery) -> Plan:
    """The delivery's own plan, with what is known of it by now; raises `ValidationError`."""
    plan = Plan.model_validate_json(delivery.plan)
    if delivery.progress is None and delivery.choice is None:
        return plan
    progress = UNTOUCHED if delivery.progress is None else Progress.model_validate_json(delivery.progress)
    choice = None if delivery.choice is None else Choice.model_validate_json(delivery.choice)
    return plan.model_copy(update={"progress": progress, "choice": choice})


def composed(delivery: DueDelivery, plans: Sequence[Plan], keys: LeadKeys) -> Plan | Superseded:
    """One plan for a delivery and its followers, less what somebody newer wrote; `plans` are theirs, as they were read.

    Newer is what was written to the record that is expected: a person's choice, where an earlier try was led to, else
    where the plan's own match key led before. Others may have a phone number in common and be somebody else.
    """
    return as_found_on(expected_record(delivery, plans[0]), delivery, plans, keys)


def expected_record(delivery: DueDelivery, plan: Plan) -> str | None:
    """The record to which the delivery probably leads; None when nobody knows, or a new one is to be made."""
    if not delivery.newer:
        return None
    if plan.choice is not None:
        return plan.choice.use
    landed = record_landed_on(plan.progress)
    if landed is not None or plan.match is None:
        return landed
    kind = f"{plan.match.by}:"
    own = [written for written in delivery.newer if any(key.startswith(kind) for key in written.keys)]
    return max(own, key=lambda written: (written.event_at, written.seq)).record_id if own else None


def as_found_on(
    record_id: str | None, delivery: DueDelivery, plans: Sequence[Plan], keys: LeadKeys
) -> Plan | Superseded:
    """The same for one record: what was written to others is no reason to leave anything out."""
    return _compose((delivery, *delivery.followers), plans, keys, on=record_id)


def _compose(
    group: Sequence[DueDelivery], plans: Sequence[Plan], keys: LeadKeys, *, on: str | None
) -> Plan | Superseded:
    if len(plans) == 1 and not group[0].newer:
        return plans[0]
    in_order = sorted(((one.event_at, one.seq), plan) for one, plan in zip(group, plans, strict=True))
    newer = [written for written in group[0].newer if written.record_id == on]
    reduced = without_older(in_order, newer, lead_keys=keys)
    left = [plan for plan in reduced if isinstance(plan, Plan)]
    if not left:
        return next(one for one in reduced if isinstance(one, Superseded))
    whole = merged(left, lead_keys=keys) if len(left) > 1 else left[0]
    progress = plans[0].progress
    return whole if whole.progress == progress else whole.model_copy(update={"progress": progress})
