"""Where each value of a plan came from: the rule that made it, what the rule read, and what was done to it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from leadbridge.events import Event, Json
from leadbridge.expressions import ABSENT, Input
from leadbridge.lead import Lead
from leadbridge.mapping import Filled
from leadbridge.plan import Plan
from leadbridge.recognise import Finding
from leadbridge.trial.findings import Origin, Rule, Unset, Used
from leadbridge.trial.notes import made_of, note_of, note_of_finding
from leadbridge.trial.places import RuleBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One route's trace, with the book in which its rules stand."""

    route: int  # its index in the configuration
    name: str
    trace: Sequence[Filled]
    book: RuleBook

    def rule(self, filled: Filled) -> Rule:
        """The rule behind one value."""
        place, written = self.book.find(self.route, filled.path) or (f"routes[{self.name}]", filled.template.source)
        return Rule(rule=written, place=place, inputs=tuple(_used(each, filled) for each in filled.template.inputs))

    def when(self) -> tuple[Rule, bool] | tuple[None, None]:
        """The rule that decides about the route, and whether it lets the event pass; None when there is none."""
        decided = next((filled for filled in self.trace if filled.path == "when"), None)
        return (None, None) if decided is None else (self.rule(decided), bool(decided.value))

    def place_of(self, path: str) -> str | None:
        """Where the rule at `routes[NAME].PATH` stands, as a MappingError names it."""
        found = self.book.find(self.route, path.removeprefix(f"routes[{self.name}]."))
        return found[0] if found is not None else None

    def by_target(self) -> dict[str, list[Filled]]:
        """The values by what they were to fill, in the order in which they were asked for."""
        targets: dict[str, list[Filled]] = {}
        for filled in self.trace:
            if filled.path != "when":
                targets.setdefault(self.book.target(self.route, filled.path), []).append(filled)
        return targets

    def unused(self, event: Event) -> tuple[str, ...]:
        """The fields that no rule of the route reads, neither to fill something nor to decide.

        A note of all that was submitted has every field.
        """
        if any(filled.path == "note" and filled.value is True for filled in self.trace):
            return ()
        inputs = [each for filled in self.trace for each in filled.template.inputs]
        return tuple(name for name in event.fields if not any(each.covers(name) for each in inputs))


def origins(traced: Traced, plan: Plan, recognised: Sequence[Finding]) -> tuple[Origin, ...]:
    """Every value of the plan with where it came from."""
    by_target = groupby(sorted(recognised, key=_target), key=_target)
    seen = {path: note_of_finding(list(findings)) for path, findings in by_target}
    if plan.lead.other:
        seen["other"] = "the fields that nothing else uses"
    gave = {
        key: having
        for key, filled in traced.by_target().items()
        if (having := [one for one in filled if one.value is not ABSENT])
    }
    found = (
        Origin(key=key, value=value, rules=(), note=seen[key])
        if key in seen
        else _origin(key, value, traced, gave, seen)
        for key, value in _values(plan)
    )
    return tuple(replace(one, write=plan.write.get(_ruled(one.key))) for one in found)


def _target(finding: Finding) -> str:
    return finding.target


def _ruled(path: str) -> str:
    """The key by which `write` names what the path fills."""
    head, _, rest = path.partition(".")
    return f"custom:{rest}" if head == "custom_fields" else head


def _origin(
    key: str, value: Json, traced: Traced, gave: Mapping[str, Sequence[Filled]], seen: Collection[str]
) -> Origin:
    if key in gave:
        rules = tuple(traced.rule(filled) for filled in gave[key])
        return Origin(key=key, value=value, rules=rules, note=note_of(key, value, gave[key]))
    sources = made_of(key, {*gave, *seen})
    rules = tuple(traced.rule(filled) for source in sources for filled in gave.get(source, ()))
    named = " and ".join(f"`{source}`" for source in sources)
    return Origin(key=key, value=value, rules=rules, note=f"made of {named}" if sources else None)


def unset(traced: Traced, plan: Plan) -> tuple[Unset, ...]:
    """What the route has rules for, and this submission nothing to write."""
    values = dict(_values(plan))
    return tuple(
        Unset(key=key, rules=tuple(traced.rule(filled) for filled in filled_here))
        for key, filled_here in traced.by_target().items()
        if key not in values
    )


def _values(plan: Plan) -> Iterator[tuple[str, Json]]:
    """Everything that the plan writes, by the paths that the configuration uses."""
    yield from _flat(plan.lead.model_dump(mode="json", exclude_unset=True), Lead.model_fields)
    for name, value in plan.custom_fields.items():
        yield f"custom_fields.{name}", value
    for name, tags in plan.tags.model_dump(mode="json").items():
        if tags or (name == "replace" and tags is not None):
            yield f"tags.{name}", tags
    if plan.note is not None:
        yield "note", plan.note


def _flat(lead: Mapping[str, Json], keys: Iterable[str]) -> Iterator[tuple[str, Json]]:
    for key in keys:
        value = lead.get(key)
        if key in ("address", "utm") and isinstance(value, dict):
            yield from ((f"{key}.{part}", item) for part, item in value.items())
        elif key in lead:
            yield key, value


def _used(each: Input, filled: Filled) -> Used:
    """An input with its value for this submission; of a whole group or a computed place, none is shown."""
    if not each.exact or not each.steps:
        return Used(input=each.written, value=None, there=True)
    value = filled.read(each)
    return Used(input=each.written, value=None if value is ABSENT else value, there=value is not ABSENT)
