"""A trace of the mapping tells what each template came to, also where the mapping fails."""

from typing import Any

import pytest

from leadbridge.errors import MappingError
from leadbridge.events import Event
from leadbridge.expressions import ABSENT
from leadbridge.mapping import Filled, SourceContext, map_event
from tests.mapping.mapping_of import route

EVENT = Event(
    fields={
        "name": "Ann Lee",
        "phone": "030 901820",
        "country": "Germany",
        "tags": ["a", "b"],
        "huge": "x" * 2_000_000,
    },
    raw={},
)


def traced(options: dict[str, Any], trace: list[Filled]) -> None:
    routes = [route(on_no_match_key="create", **options)]
    source = SourceContext(name="website", region="US")
    map_event(EVENT, source=source, routes=routes, record_of=lambda _route: "lead", trace=trace)


def test_every_template_is_there_with_its_place_and_its_value() -> None:
    trace: list[Filled] = []
    lead = {"name": "{{ fields.name }}", "company": "{{ fields.firm }}", "tags": "{{ fields.tags }}"}
    traced({"when": "{{ fields.name }}", "lead": lead, "custom_fields": {"A.b": ["x", "{{ none }}"]}}, trace)
    assert {filled.path: filled.value for filled in trace} == {
        "when": "Ann Lee",
        "lead.name": "Ann Lee",
        "lead.company": ABSENT,
        "lead.tags[0]": ["a", "b"],
        "custom_fields.A.b[0]": "x",
        "custom_fields.A.b[1]": None,
    }


def test_the_region_is_the_one_that_numbers_were_read_in() -> None:
    trace: list[Filled] = []
    traced({"lead": {"phone": "{{ fields.phone }}", "address": {"country": "{{ fields.country }}"}}}, trace)
    assert {filled.path: filled.context.region for filled in trace} == {
        "lead.address.country": "US",
        "lead.phone": "DE",
    }


def test_what_was_read_can_be_looked_at() -> None:
    trace: list[Filled] = []
    traced({"lead": {"name": "{{ fields.name | upper }} {{ fields.title }}"}}, trace)
    (filled,) = trace
    assert [filled.read(each) for each in filled.template.inputs] == ["Ann Lee", ABSENT]


def test_what_is_too_large_to_be_looked_at_is_as_good_as_absent() -> None:
    trace: list[Filled] = []
    traced({"lead": {"name": "{{ 'long' if fields.huge else 'short' }}"}}, trace)
    (filled,) = trace
    assert filled.value == "long"
    assert [filled.read(each) for each in filled.template.inputs] == [ABSENT]


def test_a_mapping_that_fails_leaves_its_trace() -> None:
    trace: list[Filled] = []
    with pytest.raises(MappingError):
        traced({"lead": {"name": "{{ 1 / 0 }}", "message": "{{ fields.name }}"}}, trace)
    assert {filled.path: filled.value for filled in trace} == {"lead.name": ABSENT, "lead.message": "Ann Lee"}
