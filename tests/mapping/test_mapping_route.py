"""What a route may say."""

from typing import Any, get_origin

import pytest
from pydantic import ValidationError

from leadbridge.expressions import Template
from leadbridge.lead import LEAD_KEYS, Address, Lead, Utm
from leadbridge.settings.mapped import AddressMapping, LeadMapping, UtmMapping
from leadbridge.settings.route import MatchBy, Route
from tests.mapping.mapping_of import route
from tests.support.walked import walked

LEAD = {"lead": {"email": "{{ fields.email }}"}}


def test_the_mapping_has_the_keys_of_the_lead() -> None:
    assert {*LeadMapping.model_fields, "other"} == set(LEAD_KEYS)
    assert set(AddressMapping.model_fields) == set(Address.model_fields)
    assert set(UtmMapping.model_fields) == set(Utm.model_fields)


def test_a_key_takes_a_list_where_the_lead_has_one() -> None:
    lists = {key for key in LeadMapping.model_fields if get_origin(Lead.model_fields[key].annotation) is tuple}
    assert lists == {"emails", "phones", "websites", "tags"}
    for key in lists:
        lead = route(lead={key: ["{{ fields.a }}", "b"]}, on_no_match_key="create").lead
        assert getattr(lead, key) == (Template.compile("{{ fields.a }}"), Template.compile("b"))
    for key in set(LeadMapping.model_fields) - lists:
        with pytest.raises(ValidationError):
            route(lead={key: ["a"]}, on_no_match_key="create")


def test_every_option_is_described() -> None:
    for model in (Route, LeadMapping, AddressMapping, UtmMapping):
        assert [name for name, option in model.model_fields.items() if not option.description] == []


def test_the_defaults() -> None:
    made = route(**LEAD)
    assert made.name == "website to copper"
    assert made.from_ == ("website",)
    assert made.match == (MatchBy("email"),)
    assert (made.on_no_match_key, made.on_many, made.upsert, made.when) == ("hold", "hold", None, None)


def test_a_route_from_several_sources_is_named_after_them() -> None:
    assert route(**LEAD | {"from": ["website", "events"]}).name == "website, events to copper"
    assert route(**LEAD, name="mine").name == "mine"


def test_match_keys_are_parsed() -> None:
    made = route(**LEAD, match=["custom:External ID", "email", "phone", "name"])
    assert made.match == (MatchBy("custom", "External ID"), MatchBy("email"), MatchBy("phone"), MatchBy("name"))
    assert [str(key) for key in made.match] == ["custom:External ID", "email", "phone", "name"]
    assert route(**LEAD, match="email").match == (MatchBy("email"),)


def test_a_plain_list_of_tags_adds_them() -> None:
    assert route(tags=["a", "b"], on_no_match_key="create").tags.add == (Template.compile("a"), Template.compile("b"))
    assert route(tags="a", on_no_match_key="create").tags.add == (Template.compile("a"),)


def test_what_it_says_can_be_dumped_and_read_again() -> None:
    said = {
        "name": "mine",
        "from": ["website"],
        "to": "copper",
        "match": ["custom:ID", "email"],
        "when": "{{ fields.a }}",
        "lead": {"emails": ["{{ fields.email }}", "b"]},
        "custom_fields": {"ID": "{{ fields.id }}", "Colours": ["red", "{{ fields.colour }}"]},
        "tags": {"add": ["a"]},
    }
    made = Route.model_validate(said)
    assert made.model_dump(by_alias=True, exclude_unset=True, mode="json") == said
    assert Route.model_validate(made.model_dump(by_alias=True)) == made


def test_its_json_schema_says_what_a_template_may_be() -> None:
    schema = Route.model_json_schema()
    assert schema["properties"]["when"]["anyOf"][0]["type"] == ["string", "number", "boolean", "null"]
    assert schema["properties"]["custom_fields"]["additionalProperties"]["anyOf"][1]["type"] == "array"


@walked(
    ("options", "place", "words"),
    [
        ({}, (), "maps nothing"),
        ({"lead": {}}, (), "maps nothing"),
        ({"tags": {}}, (), "maps nothing"),
        ({"lead": {"name": "x"}}, (), "every lead would be held: nothing here gives a match key (email)"),
        ({**LEAD, "match": ["custom:ID", "phone"]}, (), "(custom:ID, phone)"),
        ({**LEAD, "match": ["emial"]}, ("match", 0), "unknown match key `emial`; did you mean `email`?"),
        ({**LEAD, "match": ["custom:"]}, ("match", 0), "unknown match key"),
        ({**LEAD, "match": [5]}, ("match", 0), "unknown match key `5`; there are email, phone"),
        ({**LEAD, "match": []}, ("match",), "at least one"),
        ({**LEAD, "from": []}, ("from",), "at least one"),
        ({**LEAD, "on_many": "first"}, ("on_many",), "'hold', 'oldest' or 'newest'"),
        ({**LEAD, "upsert": "company"}, ("upsert",), "'lead', 'person' or 'contact'"),
        ({**LEAD, "when": "always"}, ("when",), "`when` must be exactly one"),
        ({**LEAD, "when": "{{ fields.a }}{{ fields.b }}"}, ("when",), "`when` must be exactly one"),
        ({**LEAD, "when": 1}, ("when",), "`when` must be exactly one"),
        ({**LEAD, "tags": {"replace": ["a"], "add": ["b"]}}, ("tags",), "leave out `add` and `remove`"),
        ({"lead": {"email": "{{ fields.a | lowr }}"}}, ("lead", "email"), "did you mean `lower`?"),
        ({"lead": {"emails": ["a", "{{ b }}"]}}, ("lead", "emails", 1), "unknown name `b`"),
        ({"lead": {"emails": "{{ b }}"}}, ("lead", "emails"), "unknown name `b`"),
        ({"lead": {"other": "x"}}, ("lead", "other"), "not permitted"),
        ({"lead": {"address": {"zip": "x"}}}, ("lead", "address", "zip"), "not permitted"),
        ({**LEAD, "custom_fields": {"A": "{{ b }}"}}, ("custom_fields", "A"), "unknown name `b`"),
        ({**LEAD, "custom_fields": {"A": ["{{ b }}"]}}, ("custom_fields", "A", 0), "unknown name `b`"),
        ({**LEAD, "recognise": "all"}, ("recognise",), "valid boolean"),
    ],
)
def test_mistakes_are_told_where_they_are(options: dict[str, Any], place: tuple[str | int, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        route(**options)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert words in error["msg"]
