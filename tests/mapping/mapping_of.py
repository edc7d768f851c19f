"""Map one event by one route written as in the configuration."""

from typing import Any

from leadbridge.events import Event, Json
from leadbridge.lead import Lead
from leadbridge.mapping import Filtered, Planned, SourceContext, map_event
from leadbridge.plan import FieldWarning
from leadbridge.settings.route import Route


def route(**options: Any) -> Route:
    return Route.model_validate({"from": "website", "to": "copper", **options})


def mapped(
    options: dict[str, Any], fields: dict[str, Json], *, region: str | None = "US", raw: Json = None
) -> Planned | Filtered:
    (result,) = map_event(
        Event(fields=fields, raw=raw, meta={}),
        source=SourceContext(name="website", region=region),
        routes=[route(**options)],
        record_of=lambda _route: "lead",
    )
    return result


def planned(options: dict[str, Any], fields: dict[str, Json], *, region: str | None = "US") -> Planned:
    result = mapped(options, fields, region=region)
    assert isinstance(result, Planned)
    return result


def lead_from(
    lead: dict[str, Any], fields: dict[str, Json] | None = None, *, region: str | None = "US"
) -> tuple[Lead, list[FieldWarning]]:
    """The lead that a `lead:` mapping makes, and the warnings."""
    plan = planned({"lead": lead, "on_no_match_key": "create"}, fields or {}, region=region).plan
    return plan.lead, list(plan.warnings)
