"""Evaluate a configured value on a submission made of fields."""

from leadbridge.events import Event, Json
from leadbridge.expressions import AbsentType, Context, Report, Template


def context_of(fields: dict[str, Json] | None = None, *, raw: Json = None, region: str | None = None) -> Context:
    event = Event(fields=fields or {}, raw=raw if raw is not None else {}, meta={"form_name": "Contact us"})
    return Context.of(event, source={"name": "website", "region": region}, region=region)


def evaluated(
    text: Json, fields: dict[str, Json] | None = None, *, raw: Json = None, region: str | None = None
) -> Json | AbsentType:
    return Template.compile(text).evaluate(context_of(fields, raw=raw, region=region))


def filtered(value: Json, call: str, *, region: str | None = None) -> tuple[Json | AbsentType, list[str]]:
    """What a filter makes of a value, and what it reports."""
    reports: list[Report] = []
    template = Template.compile(f"{{{{ fields.value | {call} }}}}")
    result = template.evaluate(context_of({"value": value}, region=region), reports=reports)
    return result, [report.problem for report in reports]
