"""Shops and payments: who the person is, wherever the object keeps that, and what names nobody."""

import pytest

from leadbridge.events import Json
from tests.sources.traps import JSON, event_of, json_body, parsed
from tests.support.walked import walked

NOBODY = "it names nobody: neither e-mail nor phone nor name"


@walked(
    ("preset", "body", "person"),
    [
        (
            "shopify",
            {"email": "a@example.com", "phone": None, "default_address": {"phone": "1", "company": "Acme"}},
            {"email": "a@example.com", "phone": "1", "company": "Acme"},
        ),
        (
            "shopify",
            {"email": "", "contact_email": "b@example.com", "billing_address": {"first_name": "Bo", "phone": " "}},
            {"email": "b@example.com", "first_name": "Bo"},
        ),
        (
            "woocommerce",
            {"first_name": "", "billing": {"first_name": "Bo", "last_name": "Li", "email": "b@example.com"}},
            {"email": "b@example.com", "first_name": "Bo", "last_name": "Li"},
        ),
        (
            "woocommerce",
            {"email": "own@example.com", "billing": {"email": "b@example.com", "phone": ["1"]}},
            {"email": "own@example.com"},
        ),
        (
            "stripe",
            {"data": {"object": {"email": "old@example.com", "customer_details": {"email": "c@example.com"}}}},
            {"email": "c@example.com"},
        ),
        (
            "stripe",
            {"data": {"object": {"name": "Bo Li", "customer_details": None, "business_name": "Acme"}}},
            {"name": "Bo Li", "company": "Acme"},
        ),
    ],
)
def test_the_first_value_that_is_not_blank_counts(preset: str, body: Json, person: Json) -> None:
    event = event_of(preset, json_body(body))
    names = ("email", "phone", "name", "first_name", "last_name", "company")
    assert {name: event.fields[name] for name in names if name in event.fields} == person
    assert {name: kind for name, kind in event.types.items() if name in names} == {name: name for name in person}


def test_an_address_is_one_address_and_not_put_together_from_two() -> None:
    billing = {"city": "Köln", "postcode": "", "country": "DE"}
    body = {"email": "a@example.com", "billing": billing, "shipping": {"postcode": "10115", "country": "DE"}}
    event = event_of("woocommerce", json_body(body))
    assert event.fields == {"email": "a@example.com", "address.city": "Köln", "address.country": "DE"}
    blank = event_of("woocommerce", json_body(body | {"billing": {"city": ""}}))
    assert blank.fields["address.postal_code"] == "10115"


def test_nothing_of_the_object_itself_is_taken_for_the_persons() -> None:
    """A customer's `state` is none of an address, and the title of a product nobody's job."""
    bought = [{"title": "Panel", "name": "Panel"}, {"title": None}, 3]
    for preset in ("shopify", "woocommerce"):
        body = {"email": "a@example.com", "state": "disabled", "role": "customer", "line_items": bought}
        assert event_of(preset, json_body(body)).fields == {"email": "a@example.com", "products": ["Panel"]}


@pytest.mark.parametrize(
    ("preset", "body"),
    [
        ("shopify", {"id": 1, "email": None, "phone": "", "first_name": None}),
        ("woocommerce", {"id": 1, "billing": {"first_name": " ", "company": "Acme"}}),
        ("stripe", {"id": "evt_1", "data": {"object": {"id": "cus_1", "email": None}}}),
    ],
)
def test_what_names_nobody_is_ignored(preset: str, body: Json) -> None:
    assert parsed(preset, json_body(body)).ignored == NOBODY


@pytest.mark.parametrize(
    ("preset", "header", "leads"),
    [
        ("shopify", "x-shopify-topic", ("customers/create", "customers/update", "orders/create")),
        (
            "woocommerce",
            "x-wc-webhook-topic",
            ("customer.created", "customer.updated", "order.created", "order.updated"),
        ),
    ],
)
def test_the_topic_stands_in_a_header_and_says_what_is_a_lead(preset: str, header: str, leads: tuple[str, ...]) -> None:
    body = json_body({"id": 1, "email": "a@example.com"})
    for topic in leads:
        assert parsed(preset, body, {**JSON, header: topic}).events[0].meta["topic"] == topic
    for topic in ("customers/delete", "customer.deleted", "app/uninstalled", ""):
        assert parsed(preset, body, {**JSON, header: topic}).ignored == f"the topic {topic} is no lead"
    assert parsed(preset, body).events, "a test by hand has no topic"


def test_one_event_that_two_topics_tell_of_is_two_submissions() -> None:
    body = json_body({"id": 1, "email": "a@example.com"})
    proof = {**JSON, "x-shopify-event-id": "e1", "x-shopify-webhook-id": "w1"}
    ids = [
        parsed("shopify", body, {**proof, "x-shopify-topic": topic}).events[0].dedupe_id
        for topic in ("customers/create", "orders/create")
    ]
    assert ids == ["e1:customers/create", "e1:orders/create"]
    assert parsed("shopify", body, {**JSON, "x-shopify-webhook-id": "w1"}).events[0].dedupe_id == "w1"


def test_an_orders_name_is_its_number_and_not_a_persons() -> None:
    event = event_of("shopify", json_body({"name": "#1001", "email": "a@example.com"}))
    assert "name" not in event.fields
    assert event.meta["order_name"] == "#1001"


@walked(
    ("field", "fields"),
    [
        (
            {"key": "a", "label": {"custom": "Roof?"}, "type": "text", "text": {"value": "Flat"}},
            {"Roof?": "Flat", "a": "Flat"},
        ),
        ({"key": "a", "label": {"custom": " "}, "type": "numeric", "numeric": {"value": "12"}}, {"a": "12"}),
        ({"type": "text", "text": {"value": None}}, {"custom_field": None}),
        (
            {"key": "a", "type": "dropdown", "dropdown": {"value": "l", "options": [{"label": "Large", "value": "l"}]}},
            {"a": "Large"},
        ),
        ({"key": "a", "type": "dropdown", "dropdown": {"value": "l", "options": [{"value": "s"}, 3]}}, {"a": "l"}),
        ({"key": "a", "type": "dropdown", "dropdown": {"value": "l", "options": None}}, {"a": "l"}),
        ("not an object", {}),
    ],
)
def test_stripes_custom_fields_stand_under_their_labels_and_keys(field: Json, fields: Json) -> None:
    body = {"data": {"object": {"email": "a@example.com", "custom_fields": [field]}}}
    event = event_of("stripe", json_body(body))
    assert {name: value for name, value in event.fields.items() if name != "email"} == fields
