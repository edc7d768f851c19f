"""What an outcome means beyond its delivery: for the account, for its route, and for those that went with it."""

from dataclasses import dataclass, replace

from leadbridge.clock import Clock
from leadbridge.deliver.attempt import Try
from leadbridge.deliver.canaries import Canaries
from leadbridge.deliver.probing import ACCOUNT_REASONS, Prober
from leadbridge.deliver.refusals import Refusals
from leadbridge.deliver.standing import Standing
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Postponed, Retry, WriteWarning
from leadbridge.plan import Plan
from leadbridge.record import CallEnd, Recorder
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim
from leadbridge.store.values import Selection
from leadbridge.supervise import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Has the end of tries on disk, after it was seen in the light of the lane."""

    lane: str
    store: Store
    recorder: Recorder
    standing: Standing
    prober: Prober
    refusals: Refusals
    canaries: Canaries
    clock: Clock
    log: Logger

    async def without_a_call(self, claim: Claim, outcome: Outcome) -> None:
        """A claimed delivery came to rest, and nothing had to be sent."""
        try:
            await self.recorder.ended(self.lane, claim, None, outcome)
        except Exception as error:  # see `after`
            await self._tried_again(claim, None, error)
        for delivery_id in claim.delivery.all_ids:
            self.canaries.came_to_rest(delivery_id)

    async def after(self, work: Try, outcome: Outcome | Postponed) -> None:
        """The calls of a try are made."""
        try:
            outcome = await self._settled(work, outcome)
        except Exception as error:  # an adapter may be anyone's: what it said must leave nothing in `sending`
            work.findings.not_stored()
            await self._tried_again(work.claim, work.last, error, progress=work.findings.to_store())
        else:
            await self._beyond(work, outcome)

    async def _settled(self, work: Try, outcome: Outcome | Postponed) -> Outcome | Postponed:
        """Have the end of a try on disk, as it looks beside all others; returns it."""
        match outcome:
            case Delivered():
                outcome = await self._delivered(work, outcome)
            case Hold(reason=reason) if reason in ACCOUNT_REASONS:
                outcome = await self._with_the_account_asked(outcome)
        if work.claim.delivery.followers and isinstance(outcome, Fail | Hold):
            why = f"together with {len(work.claim.delivery.followers)} others: {outcome.detail}"
            outcome = Postponed(detail=why, alone=True)
        # Of what is delivered nothing more has to be known, but that its note is there: not even a replay adds another.
        known = not isinstance(outcome, Delivered) or work.prepared.plan.note is not None
        progress = work.findings.to_store() if known else None
        await self.recorder.ended(self.lane, work.claim, work.last, outcome, progress=progress)
        return outcome

    async def _tried_again(
        self, claim: Claim, call: CallEnd | None, error: Exception, *, progress: str | None = None
    ) -> None:
        """An end that could not be thought through, or written down as it is, is told in our words."""
        self.log.error("delivery.crashed", lane=self.lane, delivery=claim.delivery.delivery_id, exc_info=error)
        said = words_of(error)
        if call is not None:
            call = replace(call, response=None, crm_trace_id=None, error=said)
        await self.recorder.ended(self.lane, claim, call, Retry(detail=said), progress=progress)

    async def _beyond(self, work: Try, outcome: Outcome | Postponed) -> None:
        delivery = work.claim.delivery
        match outcome:
            case Delivered():
                self.refusals.delivered(delivery.route)
                for delivery_id in delivery.all_ids:
                    await self.canaries.delivered(delivery_id)
            case Fail(detail=detail):
                status = work.last.status if work.last is not None else None
                now = self.clock.monotonic()
                why = self.refusals.refused(delivery.route, status=status, words=detail, now=now)
                if why is not None:
                    await self._hold_route(delivery.route, why)
                self.canaries.came_to_rest(delivery.delivery_id)
            case Hold():
                self.canaries.came_to_rest(delivery.delivery_id)

    async def _with_the_account_asked(self, outcome: Hold) -> Hold | Retry | Postponed:
        """One odd delivery does not stop an account: that is held only if it cannot be used for anything."""
        problem = None if self.standing.held is not None else await self.prober.problem()
        if self.standing.held is not None:
            return Postponed(detail=outcome.detail)
        match problem:
            case None:
                return outcome
            case Hold(reason=reason, detail=detail):
                self.standing.hold(reason, detail)
                return Postponed(detail=outcome.detail)
            case Retry(detail=detail, after=after):
                return Retry(detail=f"{outcome.detail} The account could not be asked: {detail}", after=after)

    async def _hold_route(self, route: str, why: str) -> None:
        """More of the same would only be refused the same way."""
        selection = Selection(states=("pending", "retrying"), lanes=(self.lane,), routes=(route,))
        try:
            held = await self.store.hold(selection, reason="repeated_failure", detail=why, now=self.clock.now())
        except StorageUnavailable:
            return  # the next refusal tries again
        if held:
            self.log.warning("route.held", lane=self.lane, route=route, deliveries=held, detail=why)

    async def _delivered(self, work: Try, outcome: Delivered) -> Delivered | Retry:
        if not work.prepared.fits(outcome.record_id):
            work.findings.landed_on(outcome.record_id)
            detail = f"it led to the record {outcome.record_id}, and not to the one where later ones wrote"
            return Retry(detail=f"{detail}: sent again with all that is the newest there", after=0.0)
        return await self._with_another_person(work, _with_mapping_warnings(work.prepared.plan, outcome))

    async def _with_another_person(self, work: Try, outcome: Delivered) -> Delivered:
        """A warning when the CRM updated a record that was written before only for others than the match key names.

        LeadConnector's location decides by what a contact is found, whatever a route's `match` says.
        """
        match, delivery = work.prepared.plan.match, work.claim.delivery
        if outcome.created is not False or match is None:
            return outcome
        kind = f"{match.by}:"
        mine = {key for key in delivery.keys if key.startswith(kind)}
        if not mine:
            return outcome
        try:
            earlier = await self.store.keys_of_record(self.lane, outcome.record_id, but=delivery.delivery_id)
        except StorageUnavailable:  # the recorder waits for the store; this is only a look
            return outcome
        theirs = {key for keys in earlier for key in keys if key.startswith(kind)}
        if not theirs or mine & theirs:
            return outcome
        cause = (
            f"the CRM updated a record that was written before for another {match.by}: two people may share it now; "
            "look at the record, and at how the account finds duplicates"
        )
        shared = WriteWarning(field="match", sent=match.value, got=None, cause=cause)
        return replace(outcome, warnings=(*outcome.warnings, shared))


def _with_mapping_warnings(plan: Plan, outcome: Delivered) -> Delivered:
    """What mapping could not read is as lost to the CRM as what the CRM dropped: it is told in the same place."""
    if not plan.warnings:
        return outcome
    told = {warning.field for warning in outcome.warnings}
    unread = tuple(
        WriteWarning(field=warning.field, sent=warning.got, got=None, cause=warning.problem)
        for warning in plan.warnings
        if warning.field not in told and not plan.holds(warning.field)
    )
    return replace(outcome, warnings=outcome.warnings + unread)
