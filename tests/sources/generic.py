"""Bodies as the preset `generic` reads them."""

import json
from typing import Final
from urllib.parse import urlencode

from leadbridge.events import Event, Json, Received, Verified
from leadbridge.parse import parse
from leadbridge.sources.registry import PRESETS
from leadbridge.testing import ARRIVED

JSON: Final = "application/json"


FORM: Final = "application/x-www-form-urlencoded"


def events_of(body: Json, kind: str = JSON) -> tuple[Event, ...]:
    payload = (json.dumps(body) if kind == JSON else urlencode(body)).encode()
    request = Received(
        source="site",
        method="POST",
        url="https://leads.example.com/hooks/site",
        headers={"content-type": kind},
        body=payload,
        received_at=ARRIVED,
    )
    return parse(PRESETS["generic"], Verified(request=request, payload=payload, verified=True)).events


def event_of(body: Json, kind: str = JSON) -> Event:
    (event,) = events_of(body, kind)
    return event


def answers_of(event: Event) -> dict[str, Json]:
    """The fields that recognition reads first: no second names, nothing about the form."""
    return {
        name: value
        for name, value in event.fields.items()
        if name not in event.about and name not in event.second_names
    }
