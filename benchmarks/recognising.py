"""What it costs to read a form that nobody mapped."""

import time
from statistics import median
from typing import Final

import orjson

from benchmarks.ground import Ground
from benchmarks.rows import Row, Target, median_row
from leadbridge.events import Received, Verified
from leadbridge.parse import parse
from leadbridge.recognise import recognise
from leadbridge.sources.registry import PRESETS

AT_MOST: Final = Target(limit="at most", value=300)
_ROUNDS: Final = 5
_FORMS: Final = 400  # in a round


async def measure(ground: Ground) -> list[Row]:
    """Parse and recognise flat forms of 12 fields: the labels are a form's own, the answers differ each time."""
    del ground  # it needs none: nothing is stored or sent
    _read(0)  # the tables, and the labels of the form
    samples, parsing = [], []
    for round_ in range(_ROUNDS):
        taken = [_read(1 + round_ * _FORMS + number) for number in range(_FORMS)]
        samples.append(median(whole for _, whole in taken) * 1_000_000)
        parsing.append(median(parsed for parsed, _ in taken) * 1_000_000)
    return [
        median_row(
            "recognise",
            "parse + recognise per flat form of 12 fields",
            samples=samples,
            unit="µs",
            target=AT_MOST,
            about={"parse": min(parsing), "least": min(samples)},
        )
    ]


def _read(number: int) -> tuple[float, float]:
    """Seconds until the form was parsed, and until it was recognised."""
    body = orjson.dumps(_form(number))
    request = Received(
        source="website",
        method="POST",
        url="http://127.0.0.1/hooks/website",
        headers={"content-type": "application/json"},
        body=body,
        received_at=0,
    )
    began = time.perf_counter()
    (event,) = parse(PRESETS["generic"], Verified(request=request, payload=body, verified=True)).events
    parsed = time.perf_counter()
    recognise(event, region="US")
    return parsed - began, time.perf_counter() - began


def _form(number: int) -> dict[str, str]:
    return {
        "First name": "Ann",
        "Last name": f"Lee {number}",
        "E-mail": f"ann.{number}@example.com",
        "Confirm e-mail": f"ann.{number}@example.com",
        "Phone": f"(415) 555-{number % 10_000:04d}",
        "Company name": f"Acme {number}",
        "Job title": "Head of roofs",
        "City": "Reno",
        "Country": "United States",
        "How did you hear about us?": "A friend",
        "Message": f"We need a new roof on house {number}.\nPlease call in the morning.",
        "I agree to the privacy policy": "yes",
    }
