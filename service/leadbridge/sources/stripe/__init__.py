"""Stripe's events that carry a person."""

from typing import Final

from leadbridge.sources.preset import Ignore, Moment, Path, Preset
from leadbridge.sources.stripe.shape import person_events

PRESET: Final = Preset(
    name="stripe",
    title="Stripe",
    description="Completed checkouts and customers by Stripe's webhooks: who paid, and what they filled in.",
    shape=person_events,
    scheme={
        "scheme": "hmac",
        "header": "stripe-signature",
        "fields": {"signature": "v1", "timestamp": "t"},
        "signs": "{timestamp}.{body}",
    },
    dedupe=(Path("id"),),
    event_at=Moment("created", unit="s"),
    volatile=frozenset(("pending_webhooks",)),  # how many endpoints have not taken the event yet
    ignore=(
        Ignore(
            path="type",
            unless=("checkout.session.completed", "customer.created", "customer.updated"),
            reason="the event type {value} carries no lead",
        ),
    ),
    on_unparseable="accept",
)
