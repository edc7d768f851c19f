"""Shopify's customers and orders, by webhook."""

from typing import Final

from leadbridge.sources.people import address, listed, of_people, person
from leadbridge.sources.preset import Header, Ignore, Joined, Path, Preset
from leadbridge.sources.shapes import event

_ADDRESSES: Final = ("default_address", "billing_address", "shipping_address", "customer.default_address")
_KEYS: Final = {
    "street": "address1",
    "street2": "address2",
    "city": "city",
    "state": "province_code",
    "postal_code": "zip",
    "country": "country_code",
}
_FIELDS: Final = {
    "email": ("email", "contact_email", "customer.email"),
    "phone": ("phone", "customer.phone", *(f"{place}.phone" for place in _ADDRESSES)),
    "first_name": ("first_name", "customer.first_name", *(f"{place}.first_name" for place in _ADDRESSES)),
    "last_name": ("last_name", "customer.last_name", *(f"{place}.last_name" for place in _ADDRESSES)),
    "company": tuple(f"{place}.company" for place in _ADDRESSES),
    "note": ("note",),
    "tags": ("tags",),
    "total_price": ("total_price",),
    "currency": ("currency",),
}

PRESET: Final = Preset(
    name="shopify",
    title="Shopify",
    description="Customers and orders by Shopify's webhooks, with the person by plain names; other topics are ignored.",
    shape=of_people(
        event(
            person(_FIELDS),
            address(*_ADDRESSES, keys=_KEYS),
            listed("products", "line_items", "title"),
            meta={"submission_id": "id", "submitted_at": "created_at", "order_name": "name"},
        ),
        otherwise="it names nobody: neither e-mail nor phone nor name",
    ),
    scheme={"scheme": "hmac", "header": "x-shopify-hmac-sha256", "encoding": "base64"},
    # An event that two topics tell of has one id, so the topic belongs to it.
    dedupe=(Joined(Header("x-shopify-event-id"), Header("x-shopify-topic")), Header("x-shopify-webhook-id")),
    event_at=Path("updated_at"),
    ignore=(
        Ignore(
            header="x-shopify-topic",
            unless=("customers/create", "customers/update", "orders/create"),
            reason="the topic {value} is no lead",
        ),
    ),
    meta_headers={"topic": "x-shopify-topic", "shop": "x-shopify-shop-domain"},
    on_unparseable="accept",  # a subscription that keeps failing is deleted
)
