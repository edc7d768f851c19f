"""From an event to an exact plan."""

from typing import Any

import pytest

from leadbridge.errors import MappingError
from leadbridge.events import Event, Json
from leadbridge.lead import Address, Lead
from leadbridge.mapping import Filtered, Planned, SourceContext, map_event
from leadbridge.plan import FieldWarning, MatchKey, Plan, TagChange
from tests.mapping.mapping_of import mapped, planned, route
from tests.support.walked import walked

FORM: dict[str, Json] = {
    "full_name": "Ann Lee",
    "email": " Ann@Example.com ",
    "phone": "(214) 555-0100",
    "country": "USA",
    "budget": "$1,200.50",
    "interest": "solar",
    "colours": ["red", "blue"],
}


def test_a_whole_form_becomes_a_whole_plan() -> None:
    options = {
        "match": ["custom:External ID", "email"],
        "on_many": "newest",
        "lead": {
            "name": "{{ fields.full_name }}",
            "email": "{{ fields.email }}",
            "phone": "{{ fields.phone }}",
            "source": "Website",
            "address": {"country": "{{ fields.country }}", "city": "{{ fields.city }}"},
            "message": "{{ fields.message }}",
        },
        "custom_fields": {
            "Budget": "{{ fields.budget | number }}",
            "Colours": "{{ fields.colours }}",
            "All": ["{{ fields.colours }}", "green", "{{ fields.missing }}"],
            "External ID": "{{ fields.external }}",
            "Reset": "{{ none }}",
        },
        "tags": ["website", "{{ fields.interest }}"],
    }
    result = planned(options, FORM)
    assert result.plan == Plan(
        record="lead",
        lead=Lead(
            name="Ann Lee",
            first_name="Ann",
            last_name="Lee",
            email="ann@example.com",
            phone="+12145550100",
            source="Website",
            address=Address(country="US"),
        ),
        match=MatchKey(by="email", value="ann@example.com"),
        on_many="newest",
        custom_fields={
            "Budget": 1200.5,
            "Colours": ["red", "blue"],
            "All": ["red", "blue", "green"],
            "Reset": None,
        },
        tags=TagChange(add=("website", "solar")),
    )
    assert (result.route, result.destination, result.hold) == ("website to copper", "copper", None)
    assert result.plan.lead.model_fields_set == {
        "name", "first_name", "last_name", "email", "phone", "source", "address",
    }  # fmt: skip
    assert result.plan.lead.address is not None
    assert result.plan.lead.address.model_fields_set == {"country"}


def test_a_plan_survives_being_stored() -> None:
    options = {
        "lead": {"email": "{{ fields.email }}", "message": "{{ none }}"},
        "custom_fields": {"N": "{{ fields.n }}"},
    }
    plan = planned(options, {"email": "a@example.com", "n": 2**70}).plan
    again = Plan.model_validate_json(plan.model_dump_json(exclude_unset=True))
    assert again == plan
    assert again.lead.model_fields_set == {"email", "message"}


@walked(
    ("match", "fields", "key"),
    [
        (["email"], {"email": "A@Example.com"}, MatchKey(by="email", value="a@example.com")),
        (["email", "phone"], {"phone": "2145550100"}, MatchKey(by="phone", value="+12145550100")),
        (
            ["phone", "email"],
            {"phone": "call me", "email": "a@example.com"},
            MatchKey(by="email", value="a@example.com"),
        ),
        (["custom:ID", "email"], {"id": "X1", "email": "a@example.com"}, MatchKey(by="custom", field="ID", value="X1")),
        (["custom:ID"], {"id": 17}, MatchKey(by="custom", field="ID", value=17)),
        (["custom:ID", "email"], {"id": ["X1"], "email": "a@example.com"}, MatchKey(by="email", value="a@example.com")),
        (["name"], {"name": "Ann Lee"}, MatchKey(by="name", value="Ann Lee")),
        (["email"], {"email": "nonsense"}, None),
        (["email"], {}, None),
    ],
)
def test_the_first_match_key_that_the_lead_has_is_taken(
    match: list[str], fields: dict[str, Json], key: MatchKey | None
) -> None:
    options: dict[str, Any] = {
        "match": match,
        "lead": {name: f"{{{{ fields.{name} }}}}" for name in ("email", "phone", "name")},
        "custom_fields": {"ID": "{{ fields.id }}"},
    }
    held = planned(options, fields)
    assert held.plan.match == key
    assert held.hold == (None if key else "no_match_key")
    created = planned({**options, "on_no_match_key": "create"}, fields)
    assert (created.plan.match, created.hold) == (key, None)


@walked(
    ("when", "passes"),
    [
        (None, True),
        (True, True),
        (False, False),
        ("{{ fields.interest == 'solar' }}", True),
        ("{{ fields.interest != 'solar' }}", False),
        ("{{ fields.missing }}", False),
        ("{{ fields.interest }}", True),
        ("{{ source.name == 'website' and source.region == 'US' }}", True),
        ("{{ none }}", False),
    ],
)
def test_a_route_takes_only_what_its_condition_says(when: Json, passes: bool) -> None:
    result = mapped({"when": when, "lead": {"email": "{{ fields.email }}"}}, FORM)
    assert isinstance(result, Planned) is passes
    if not passes:
        assert result == Filtered(route="website to copper", destination="copper")


def test_a_filtered_submission_is_not_mapped_at_all() -> None:
    options = {"when": False, "lead": {"email": "{{ 1 / 0 }}"}}
    assert isinstance(mapped(options, FORM), Filtered)


def test_several_routes_map_in_order_each_on_its_own() -> None:
    event = Event(fields={"email": "a@example.com", "phone": "020 7946 0958", "country": "UK"}, raw={})
    lead = {"email": "{{ fields.email }}", "phone": "{{ fields.phone }}"}
    routes = [
        route(to="copper", lead={**lead, "address": {"country": "{{ fields.country }}"}}, upsert="person"),
        route(to="dallas", lead=lead),
    ]
    first, second = map_event(
        event, source=SourceContext(name="website", default_region="US"), routes=routes, record_of=lambda _: "contact"
    )
    assert isinstance(first, Planned)
    assert isinstance(second, Planned)
    assert (first.destination, first.plan.record, first.plan.lead.phone) == ("copper", "person", "+442079460958")
    assert (second.destination, second.plan.record, second.plan.lead.phone) == ("dallas", "contact", "020 7946 0958")


def test_what_a_filter_could_not_do_is_a_warning_with_the_fields_name() -> None:
    options = {
        "lead": {"email": "{{ fields.email }}", "phone": "{{ fields.bad | e164 }}"},
        "custom_fields": {"Budget": "{{ fields.bad | number }}"},
        "tags": ["{{ fields.bad | bool }}"],
    }
    assert planned(options, {"email": "a@example.com", "bad": "ask me"}).plan.warnings == (
        FieldWarning(field="phone", problem="cannot be read as a phone number", got="ask me"),
        FieldWarning(field="custom_fields.Budget", problem="cannot be read as a number", got="ask me"),
        FieldWarning(field="tags", problem="cannot be read as yes or no", got="ask me"),
    )


def test_every_expression_that_fails_is_named_by_its_path() -> None:
    options = {
        "lead": {"email": "{{ 1 / 0 }}", "address": {"city": "{{ 'x' * 2 }}"}, "tags": ["a", "{{ 2 / 0 }}"]},
        "custom_fields": {"Budget": "{{ 3 / 0 }}"},
        "tags": {"remove": ["{{ 4 / 0 }}"]},
    }
    with pytest.raises(MappingError) as caught:
        mapped(options, {})
    assert caught.value.path == "routes[website to copper].lead.address.city"
    for path in ("lead.email", "lead.tags[1]", "custom_fields.Budget", "tags.remove[0]"):
        assert f"routes[website to copper].{path}: " in str(caught.value)


def test_a_value_that_is_too_large_as_text_fails_its_route() -> None:
    with pytest.raises(MappingError, match="at most 1,000,000") as caught:
        mapped({"on_no_match_key": "create", "lead": {"message": "{{ fields.a }}"}}, {"a": ["x"] * 400_000})
    assert caught.value.path == "routes[website to copper]"


def test_tags_are_added_removed_and_replaced() -> None:
    options = {"on_no_match_key": "create", "tags": {"add": ["a, b", "A", " "], "remove": ["{{ fields.old }}"]}}
    assert planned(options, {"old": ["c", "d"]}).plan.tags == TagChange(add=("a", "b"), remove=("c", "d"))
    replaced = planned({"on_no_match_key": "create", "tags": {"replace": ["x"]}}, {}).plan.tags
    assert replaced == TagChange(replace=("x",))
