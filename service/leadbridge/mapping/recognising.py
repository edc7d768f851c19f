"""What recognition adds to a route's rules: values for the keys that they leave out, and the fields left over."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from leadbridge.events import Event, Json
from leadbridge.expressions import Input, Template
from leadbridge.mapping.filling import Filling
from leadbridge.settings.mapped import LeadMapping
from leadbridge.settings.route import Route

if TYPE_CHECKING:
    from leadbridge.recognise import Finding, Recognised

_LISTS: Final = ("email", "phone", "website")
_PARTS: Final = ("first_name", "last_name", "middle_name")


class Seen:
    """One event; what recognition makes of it is found when a route wants it, and once for all of them."""

    def __init__(self, event: Event, *, region: str | None) -> None:
        self.event = event
        self._region = region

    @cached_property
    def recognised(self) -> "Recognised":
        """The lead that the event's own fields make."""
        from leadbridge.recognise import recognise  # noqa: PLC0415  # the start did, for routes that recognise

        return recognise(self.event, region=self._region)


def key_of(finding: "Finding") -> str:
    """The lead's key that a finding fills: `address` for `address.city`."""
    return finding.target.partition(".")[0]


def fillable(recognised: "Recognised", mapping: LeadMapping) -> dict[str, Json]:
    """The recognised values by their place in a route, `lead.email`, that do not touch what its rules say otherwise.

    A list of all e-mails says which one is the main one, and parts of a name what the name is.
    """
    values = dict(_flat("lead", recognised.lead))
    for key in _LISTS:
        if mapping.gives(f"{key}s"):
            values.pop(f"lead.{key}", None)
    if mapping.gives(*_PARTS):
        values.pop("lead.name", None)
    return values


def _flat(path: str, values: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{path}.{key}", value)
        else:
            yield f"{path}.{key}", value


def taken(recognised: "Recognised", filling: Filling) -> "tuple[Finding, ...]":
    """What of the findings filled a key of this route."""
    return tuple(each for each in recognised.used if f"lead.{each.target}" in filling.taken)


def left_over(event: Event, recognised: "Recognised", used: "Iterable[Finding]", route: Route) -> dict[str, Json]:
    """The fields with a value that neither recognition used nor a rule of the route reads, in the form's order."""
    names = {each.field for each in used}
    unused = recognised.other.keys() | {each.field for each in recognised.used if each.field not in names}
    read = [each for template in _templates(route) for each in _inputs(template)]
    return {
        name: value
        for name, value in event.fields.items()
        if name in unused and not any(each.covers(name) for each in read)
    }


def _templates(route: Route) -> Iterator[Template]:
    """Every rule that fills something; a note repeats what was submitted, and `when` only decides."""
    for option in (route.lead, *route.custom_fields.values(), route.tags):
        yield from _each(option)


def _each(option: object) -> Iterator[Template]:
    if isinstance(option, Template):
        yield option
    elif isinstance(option, tuple):
        yield from option
    elif isinstance(option, BaseModel):
        for _, template in option:
            yield from _each(template)


def _inputs(template: Template) -> tuple[Input, ...]:
    return () if template.is_constant else _read_by(str(template.source))


@lru_cache(maxsize=1024)  # the rules of a configuration, for each of its submissions
def _read_by(source: str) -> tuple[Input, ...]:
    return Template.compile(source).inputs
