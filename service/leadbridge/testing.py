"""What a preset's folder has to hold, checked the same way for all: ours, and those of other packages.

Beside its preset a source keeps `doc.md` and `samples/`: a folder for each case, with what the sender sends and what it
must become. A package of one's own needs no test code but `assert complaints(PRESET, files("my_package.forms")) == []`.
CRMs have the same in `leadbridge.crm.contract`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources.abc import Traversable
from typing import Final

from pydantic import ValidationError

from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json, Parsed, Received, Verified
from leadbridge.parse import parse
from leadbridge.schemes import SCHEME
from leadbridge.sources.preset import Preset
from leadbridge.sources.samples import Sample, samples_in

HEADINGS: Final = ("## Where to click", "## What it signs", "## What becomes of the body", "## What it retries")
FEWEST_SAMPLES: Final = 3
ARRIVED: Final = 1_796_000_000_000  # milliseconds: when samples arrive, 2026-11-30
_COMPARED: Final = ("fields", "types", "meta", "dedupe_id", "event_at")
_PLACEHOLDER: Final = "whsec_b25lIHNlY3JldCBmb3IgdGVzdHM="  # of a form that every scheme of shared secrets takes
# Public keys whose private halves nobody has.
_PLACEHOLDER_KEYS: Final = {
    "rsa": (
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsbImQrsiBbhln5Llb7RnNsq1+amgiynWgNl6GRTwY5kvOrT2+Fl9V5QbTGZBAR20"
        "5SoqmPolVQFFPiylBUfWi64ZIePTkXhSJgqK/vBDo6gfEICrSvFUWd52OgYv890DHb7jzMr2DLiDiL96YU5+KF/Z1pLslko9mkCrtkz2wVIB"
        "MML3MdO/8QX93sCE7s+NSs5nIuCsPSbEGWQebDG84HPbg/XwsvOAL24kssj764dNYt6uLbLD/o6G9ozlPpXIxtpnd7oygMjjSD/L5ZP/CUZF"
        "o3K+v7Mq6hBlgpTTQSX1pHoPQMwfYUTMqc1+hLTMSidbI9JiPPoGENL7KL4OZwIDAQAB"
    ),
    "ed25519": "MCowBQYDK2VwAyEAFnBMcx3i/c1c6bJ7YoBtzPfNndDeLwnKme9o/8qg3iM=",
}


def complaints(preset: Preset, folder: Traversable) -> list[str]:
    """Everything that this preset or its folder lacks, each with what to do about it."""
    return [
        f"{preset.name}: {complaint}"
        for complaint in (*_of_the_preset(preset), *_of_the_doc(preset, folder), *_of_the_samples(preset, folder))
    ]


def outcome_of(preset: Preset, sample: Sample) -> Json:
    """What becomes of a sample whose sender is proved, as its `expected.json` has it."""
    request = Received(
        source="sample",
        method="POST",
        url="https://leads.example.com/hooks/sample",
        headers=sample.headers,
        body=sample.body,
        received_at=ARRIVED,
    )
    try:
        parsed = parse(preset, Verified(request=request, payload=sample.body, verified=True))
    except Unparseable as error:
        return {"unparseable": error.detail}
    return outcome_json(parsed)


def outcome_json(parsed: Parsed) -> Json:
    """An outcome as samples record it: what is not there is left out, `raw` and `files` too."""
    if parsed.ignored:
        return {"ignored": parsed.ignored}
    return {"events": [_event_json(event) for event in parsed.events]}


def _event_json(event: Event) -> Json:
    if event.ignored is not None:
        return {"ignored": event.ignored}
    return {name: value for name, value in asdict(event).items() if name in _COMPARED and value not in (None, {})}


def _of_the_preset(preset: Preset) -> Iterator[str]:
    if not preset.title or not preset.description.endswith("."):
        yield "`title` and `description` are missing; the reference is made from them (a description ends with a stop)"
    if "secrets" in (preset.scheme or {}):
        yield "a preset holds no secrets; they stand under the source's `verify:`"
        return
    try:
        scheme = preset.scheme or {"scheme": "token"}
        kind = "rsa" if scheme.get("algorithm") == "RS256" else str(scheme["scheme"])
        placeholder = _PLACEHOLDER_KEYS.get(kind, "00ff" if scheme.get("key_encoding") == "hex" else _PLACEHOLDER)
        SCHEME.validate_python({**scheme, "secrets": (placeholder,)})
    except ValidationError as error:
        yield f"`scheme` must be complete but for the secrets: {error.errors()[0]['msg']}"


def _of_the_doc(preset: Preset, folder: Traversable) -> Iterator[str]:
    doc = folder / "doc.md"
    if not doc.is_file():
        yield f"`doc.md` is missing; write it with the sections {', '.join(HEADINGS)}"
        return
    text = doc.read_text("utf-8")
    for heading in HEADINGS:
        if heading not in text:
            yield f"`doc.md` has no section `{heading}`; add it"
    if f"preset: {preset.name}" not in text:
        yield f"`doc.md` shows no source with `preset: {preset.name}`; add one"


def _of_the_samples(preset: Preset, folder: Traversable) -> Iterator[str]:
    found = samples_in(folder)
    if len(found) < FEWEST_SAMPLES:
        yield (
            f"`samples` has {len(found)} cases; add folders with body.*, headers.json and expected.json, until there "
            f"are {FEWEST_SAMPLES}"
        )
    if found and not any("events" in sample.expected for sample in found):
        yield "no sample becomes an event; add one that does"
    for sample in found:
        became = outcome_of(preset, sample)
        if became != sample.expected:
            yield f"`samples/{sample.name}` becomes {json.dumps(became)}; mend the preset, or expected.json"
