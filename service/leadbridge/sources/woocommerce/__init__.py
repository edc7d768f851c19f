"""WooCommerce's customers and orders, by webhook."""

from typing import Final

from leadbridge.sources.handshakes import WOOCOMMERCE
from leadbridge.sources.people import address, listed, of_people, person
from leadbridge.sources.preset import Header, Ignore, Preset
from leadbridge.sources.shapes import event

_KEYS: Final = {
    "street": "address_1",
    "street2": "address_2",
    "city": "city",
    "state": "state",
    "postal_code": "postcode",
    "country": "country",
}
_FIELDS: Final = {
    "email": ("email", "billing.email"),
    "phone": ("billing.phone", "shipping.phone"),
    "first_name": ("first_name", "billing.first_name", "shipping.first_name"),
    "last_name": ("last_name", "billing.last_name", "shipping.last_name"),
    "company": ("billing.company", "shipping.company"),
    "note": ("customer_note",),
    "total": ("total",),
    "currency": ("currency",),
    "status": ("status",),
}

PRESET: Final = Preset(
    name="woocommerce",
    title="WooCommerce",
    description="Customers and orders by WooCommerce's webhooks, the person by plain names; other topics are ignored.",
    shape=of_people(
        event(
            person(_FIELDS),
            address("billing", "shipping", keys=_KEYS),
            listed("products", "line_items", "name"),
            meta={"submission_id": "id", "submitted_at": "date_created_gmt", "order_number": "number"},
        ),
        otherwise="it names nobody: neither e-mail nor phone nor name",
    ),
    scheme={"scheme": "hmac", "header": "x-wc-webhook-signature", "encoding": "base64"},
    dedupe=(Header("x-wc-webhook-delivery-id"),),
    ignore=(
        Ignore(path="webhook_id", present=True, reason="WooCommerce tests the URL (webhook {value})"),
        Ignore(
            header="x-wc-webhook-topic",
            unless=("customer.created", "customer.updated", "order.created", "order.updated"),
            reason="the topic {value} is no lead",
        ),
    ),
    meta_headers={"topic": "x-wc-webhook-topic", "shop": "x-wc-webhook-source"},
    handshakes=(WOOCOMMERCE,),
    on_unparseable="accept",  # a webhook that fails five times in a row is disabled
)
