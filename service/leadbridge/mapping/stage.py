"""The stage `map`: an event and the routes of its source become one plan for each destination, or say why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from leadbridge.errors import MappingError
from leadbridge.events import Event, Json
from leadbridge.expressions import ABSENT, Context, ExpressionError
from leadbridge.expressions.values import text_of
from leadbridge.mapping.filling import Filled, Filling
from leadbridge.mapping.keys import flight_keys, match_of
from leadbridge.mapping.notes import bounded, note_of
from leadbridge.mapping.people import lead_of, tags_of
from leadbridge.mapping.recognising import Seen, fillable, key_of, left_over, taken
from leadbridge.mapping.rules import write_rules
from leadbridge.outcome import HoldReason
from leadbridge.plan import Plan, RecordKind, TagChange
from leadbridge.settings.route import Route

if TYPE_CHECKING:
    from leadbridge.recognise import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContext:
    """What mapping knows of the sender. Regions are ISO 3166-1 alpha-2."""

    name: str
    region: str | None = None
    default_region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A delivery to make. `keys` tell which deliveries are about the same person; with `hold` it waits for someone."""

    route: str
    destination: str
    plan: Plan
    keys: tuple[str, ...]
    hold: HoldReason | None = None
    recognised: "tuple[Finding, ...]" = ()  # what filled the keys that the route's rules leave out


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """The route's `when` is not true for this submission; or the route recognises it as `spam`, by what that says."""

    route: str
    destination: str
    spam: str | None = None


Mapped: TypeAlias = Planned | Filtered


def map_event(
    event: Event,
    *,
    source: SourceContext,
    routes: Sequence[Route],
    record_of: Callable[[Route], RecordKind],
    trace: list[Filled] | None = None,
) -> tuple[Mapped, ...]:
    """What each route makes of the event, in the routes' order. Pure.

    `record_of` gives the kind of record where a route leaves it to its CRM. Raises MappingError with the path of
    the first expression that fails and with the problems of all: one route that fails stops the others, so that a
    replay after the mend maps the submission once and whole. With a `trace`, what each template came to is appended
    to it, also when the mapping fails.
    """
    context = Context.of(
        event,
        source={"name": source.name, "region": source.region},
        region=source.region or source.default_region,
    )
    seen = Seen(event, region=context.region)
    mapped: list[Mapped] = []
    problems: list[tuple[str, str]] = []
    for route in routes:
        filling = Filling(f"routes[{route.name}]", context, trace=trace)
        try:
            mapped.append(_map_route(route, filling, record_of, seen))
        except ExpressionError as error:
            filling.problems.append((filling.path, str(error)))
        problems += filling.problems
    if problems:
        (path, problem), *others = problems
        raise MappingError(path, "; ".join([problem, *(f"{place}: {why}" for place, why in others)]))
    return tuple(mapped)


def _map_route(route: Route, filling: Filling, record_of: Callable[[Route], RecordKind], seen: Seen) -> Mapped:
    if route.when is not None and not filling.value(route.when, "when", path="when"):
        return Filtered(route=route.name, destination=route.to)
    found = seen.recognised if route.recognise else None
    if found is not None:
        if found.spam is not None:
            return Filtered(route=route.name, destination=route.to, spam=found.spam)
        filling.recognised = fillable(found, route.lead)
    lead = lead_of(route.lead, filling)
    used = taken(found, filling) if found is not None else ()
    if found is not None and (other := left_over(seen.event, found, used, route)):
        lead = lead.model_copy(update={"other": other})
    custom_fields = _custom_fields(route, filling)
    match = match_of(route.match, lead, custom_fields)
    plan = Plan(
        record=route.upsert or record_of(route),
        lead=lead,
        match=match,
        on_many=route.on_many,
        custom_fields=custom_fields,
        tags=_tags(route, filling),
        warnings=tuple(filling.warnings),
    )
    if used:
        plan = plan.model_copy(update={"recognised": tuple(dict.fromkeys(key_of(each) for each in used))})
    if route.write or route.note is not None or route.allow_duplicates:
        note = _note(route, filling, seen.event, message=lead.message)
        update = {"write": write_rules(route.write), "note": note, "allow_duplicates": route.allow_duplicates}
        plan = plan.model_copy(update={**update, "warnings": tuple(filling.warnings)})
    return Planned(
        route=route.name,
        destination=route.to,
        plan=plan,
        keys=flight_keys(lead, match),
        hold="no_match_key" if match is None and route.on_no_match_key == "hold" else None,
        recognised=used,
    )


def _custom_fields(route: Route, filling: Filling) -> dict[str, Json]:
    """The custom fields that have something to say, by name; texts are trimmed."""
    fields: dict[str, Json] = {}
    for name, templates in route.custom_fields.items():
        key = f"custom_fields.{name}"
        if isinstance(templates, tuple):
            value: Json = filling.items(templates, key, path=key) or ABSENT
        else:
            value = filling.value(templates, key, path=key)
        if value is not ABSENT:
            fields[name] = value.strip() if isinstance(value, str) else value
    return fields


def _tags(route: Route, filling: Filling) -> TagChange:
    tags = route.tags
    replace = None
    if tags.replace is not None:
        replace = tags_of(filling.items(tags.replace, "tags", path="tags.replace"))
    return TagChange(
        add=tags_of(filling.items(tags.add, "tags", path="tags.add")),
        remove=tags_of(filling.items(tags.remove, "tags", path="tags.remove")),
        replace=replace,
    )


def _note(route: Route, filling: Filling, event: Event, *, message: str | None) -> str | None:
    """The note's text; None where the route wants none, or its template comes to nothing."""
    if route.note is None or route.note.source is False:
        return None
    value = filling.value(route.note, "note", path="note")
    if value is ABSENT or value is None or value is False:
        return None
    return note_of(event, message=message) if value is True else bounded(text_of(value))
