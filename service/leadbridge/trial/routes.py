"""The stages `map` and `deliver` on one event and one route."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter
from leadbridge.crm.settings import DestinationSettings
from leadbridge.errors import MappingError
from leadbridge.events import Event
from leadbridge.mapping import Filled, Planned, SourceContext, map_event
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.outcome import Outcome as AdapterOutcome
from leadbridge.plan import FieldWarning, Plan, RecordKind
from leadbridge.recognise import Finding
from leadbridge.settings.route import Route
from leadbridge.trial.calls import Walk, walk
from leadbridge.trial.findings import Outcome, RouteTrial, TrialWarning
from leadbridge.trial.origins import Traced, origins, unset
from leadbridge.trial.places import RuleBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What the routes of one configuration are tried with. `existing`: the person has a record already."""

    source: SourceContext
    destinations: Mapping[str, DestinationSettings]
    adapters: Mapping[str, Adapter]
    book: RuleBook
    clock: Clock
    existing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRoute:
    """A route after the stage `map`: what it shows so far, and the plan if there is something to deliver."""

    shown: RouteTrial
    destination: str
    plan: Plan | None = None


def map_route(event: Event, route: Route, stand: Stand, *, index: int, record: RecordKind) -> MappedRoute:
    """What one route makes of the event; `index` is its place in the configuration."""
    trace: list[Filled] = []
    traced = Traced(route=index, name=route.name, trace=trace, book=stand.book)
    shown = RouteTrial(route=route.name, destination=route.to, outcome=Outcome.FAILED)
    try:
        (mapped,) = map_event(event, source=stand.source, routes=[route], record_of=lambda _route: record, trace=trace)
    except MappingError as error:
        place = traced.place_of(error.path)
        shown = replace(shown, reason="mapping", detail=f"{place}: {error}" if place else str(error))
        return MappedRoute(shown=_with_rules(shown, traced, event), destination=route.to)
    shown = _with_rules(shown, traced, event)
    if isinstance(mapped, Planned):
        return _planned(mapped, shown, traced, route, event)
    detail = "the route's `when` is not true for this submission" if mapped.spam is None else f"spam: {mapped.spam}"
    shown = replace(shown, outcome=Outcome.FILTERED, detail=detail, spam=mapped.spam, unused=())
    return MappedRoute(shown=shown, destination=route.to)


def _with_rules(shown: RouteTrial, traced: Traced, event: Event) -> RouteTrial:
    when, passes = traced.when()
    return replace(shown, when=when, passes=passes, unused=traced.unused(event))


def _planned(mapped: Planned, shown: RouteTrial, traced: Traced, route: Route, event: Event) -> MappedRoute:
    plan = mapped.plan
    shown = replace(
        shown,
        lead=plan.lead.model_dump(mode="json", exclude_unset=True),
        match=plan.match,
        match_why=_match_why(plan, route),
        recognised=mapped.recognised,
        unused=_unused(shown.unused, mapped.recognised, event),
        origins=origins(traced, plan, mapped.recognised),
        unset=unset(traced, plan),
        warnings=tuple(_mapping_warning(warning) for warning in plan.warnings),
    )
    if mapped.hold is not None:
        detail = "the lead has none of the route's match keys"
        return MappedRoute(
            shown=replace(shown, outcome=Outcome.HELD, reason=mapped.hold, detail=detail), destination=route.to
        )
    return MappedRoute(shown=shown, destination=route.to, plan=plan)


def _unused(names: Sequence[str], recognised: Sequence[Finding], event: Event) -> tuple[str, ...]:
    """Those of the names that recognition did not use either, nor under another name of the same answer."""
    used = {each.field for each in recognised}
    answered = [event.fields[name] for name in used if name in event.fields]
    repeated = {name for name in event.second_names if event.fields.get(name) in answered}
    return tuple(name for name in names if name not in used | repeated)


def _match_why(plan: Plan, route: Route) -> str:
    wanted = ", ".join(map(str, route.match))
    if plan.match is not None:
        return f"the first of `match: [{wanted}]` that the lead has"
    held = route.on_no_match_key == "hold"
    return f"the lead has none of `match: [{wanted}]`, and `on_no_match_key` is {'hold' if held else 'create'}"


async def deliver_route(mapped: MappedRoute, stand: Stand) -> RouteTrial:
    """The route with the calls that its plan leads to, and what would come of them."""
    if mapped.plan is None:
        return mapped.shown
    walked = await walk(
        mapped.plan,
        stand.adapters[mapped.destination],
        stand.destinations[mapped.destination],
        clock=stand.clock,
        existing=stand.existing,
    )
    outcome, reason, detail = _of(walked.outcome, mapped.plan)
    return replace(
        mapped.shown,
        outcome=outcome,
        reason=reason,
        detail=detail,
        calls=walked.calls,
        assumed=tuple(walked.imagined.assumed),
        warnings=(*mapped.shown.warnings, *_delivery_warnings(walked)),
    )


def _of(outcome: AdapterOutcome | None, plan: Plan) -> tuple[Outcome, str | None, str | None]:
    """What would become of the delivery, the reason, and the words for it."""
    match outcome:
        case Delivered(warnings=warnings):
            lost = warnings or any(not plan.holds(warning.field) for warning in plan.warnings)
            return (Outcome.DELIVERED_WITH_WARNINGS if lost else Outcome.DELIVERED), None, None
        case Hold(reason=reason, detail=detail):
            return Outcome.HELD, reason, detail
        case Retry(detail=detail):
            return Outcome.RETRYING, None, detail
        case Fail(detail=detail):
            return Outcome.FAILED, "refused", detail
    return (
        Outcome.NOT_EMULATED,
        None,
        "leadbridge has no emulated CRM of this kind: the first call is all that is known",
    )


def _mapping_warning(warning: FieldWarning) -> TrialWarning:
    return TrialWarning(stage="map", field=warning.field, problem=warning.problem, sent=None, got=warning.got)


def _delivery_warnings(walked: Walk) -> Sequence[TrialWarning]:
    if not isinstance(walked.outcome, Delivered):
        return ()
    shown = walked.imagined.shown
    return [
        TrialWarning(
            stage="deliver",
            field=warning.field,
            problem=warning.cause,
            sent=shown(warning.sent),
            got=shown(warning.got),
        )
        for warning in walked.outcome.warnings
    ]


def stopped(shown: RouteTrial) -> RouteTrial:
    """A route that is good in itself, of a submission that another route cannot map."""
    detail = "another route cannot be mapped: nothing of the submission is delivered until that is mended"
    return replace(shown, outcome=Outcome.FAILED, reason="mapping", detail=detail)
