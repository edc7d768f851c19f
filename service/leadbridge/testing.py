"""What a preset's folder has to hold, checked the same way for all: ours, and those of other packages.

Beside its preset a source keeps `doc.md` and `samples/`: a folder for each case, with what the sender sends and what it
must become. A package of one's own needs no test code but `assert complaints(PRESET, files("my_package.forms")) == []`.
CRMs have the same in `leadbridge.crm.contract`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from importlib.resources.abc import Traversable
from typing import Final

from pydantic import ValidationError

from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json, Parsed, Received, Verified
from leadbridge.parse import parse
from leadbridge.schemes import SCHEME, Basic, BodySecret, Scheme, StandardWebhooks, Unsigned, UrlSecret
from leadbridge.sources.fetch_contract import fetch_complaints, no_lead_complaints
from leadbridge.sources.fetching import Fetch, NothingToAskFor, next_get, other_than_asked
from leadbridge.sources.preset import Preset
from leadbridge.sources.samples import Sample, Unfinished, samples_in, unfinished_in

HEADINGS: Final = ("## Where to click", "## What it signs", "## What becomes of the body", "## What it retries")
SIGNS: Final = HEADINGS[1]
FETCHED_HEADING: Final = "## What is fetched"  # beside these, where a preset fetches
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
    samples, unfinished = samples_in(folder), unfinished_in(folder)
    fetching = tuple(fetch_complaints(preset, samples))
    found = (
        *_of_the_preset(preset),
        *fetching,
        *_of_the_doc(preset, folder),
        *_of_the_samples(preset, samples, cases=len(samples) + len(unfinished), fetches=not fetching),
        *_of_the_unfinished(preset, unfinished, fetches=not fetching),
    )
    return [f"{preset.name}: {complaint}" for complaint in found]


def outcome_of(preset: Preset, sample: Sample) -> Json:
    """What becomes of a sample whose sender is proved, with what is fetched for it, as its `expected.json` has it."""
    try:
        return outcome_json(with_answers(preset, sample, _parsed(preset, sample)))
    except Unparseable as error:
        return {"unparseable": error.detail}


def _parsed(preset: Preset, sample: Sample) -> Parsed:
    request = Received(
        source="sample",
        method="POST",
        url="https://leads.example.com/hooks/sample",
        headers=sample.headers,
        body=sample.body,
        received_at=ARRIVED,
    )
    return parse(preset, Verified(request=request, payload=sample.body, verified=True))


def with_answers(preset: Preset, sample: Sample, parsed: Parsed) -> Parsed:
    """The events with what is fetched for the one that a sample with answers holds. Raises `Unparseable`."""
    fetch, answers = preset.fetch, sample.fetched
    if fetch is None or answers is None:
        return parsed
    return replace(
        parsed,
        events=tuple(one if one.ignored is not None else fetch.complete(one, answers) for one in parsed.events),
    )


def outcome_json(parsed: Parsed) -> Json:
    """An outcome as samples record it: what is not there is left out, `raw` and `files` too."""
    if parsed.ignored:
        return {"ignored": parsed.ignored}
    return {"events": [_event_json(event) for event in parsed.events]}


def _event_json(event: Event) -> Json:
    if event.ignored is not None:
        return {"ignored": event.ignored}
    return {name: value for name, value in asdict(event).items() if name in _COMPARED and value not in (None, {})}


def scheme_complaint(preset: Preset) -> str | None:
    """What is wrong with the preset's `scheme`, in one line; None when nothing is."""
    if "secrets" in (preset.scheme or {}):
        return "a preset holds no secrets; they stand under the source's `verify:`"
    try:
        _scheme_of(preset)
    except ValidationError as error:
        told = (f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors())
        return f"`scheme` must be complete but for the secrets: {'; '.join(told)}"
    return None


def _of_the_preset(preset: Preset) -> Iterator[str]:
    if not preset.title or not preset.description.endswith("."):
        yield "`title` and `description` are missing; the reference is made from them (a description ends with a stop)"
    if (complaint := scheme_complaint(preset)) is not None:
        yield complaint


def _scheme_of(preset: Preset) -> Scheme:
    """The scheme with a placeholder for its secret; raises `ValidationError`."""
    scheme = preset.scheme or {"scheme": "token"}
    kind = "rsa" if scheme.get("algorithm") == "RS256" else str(scheme.get("scheme"))
    placeholder = _PLACEHOLDER_KEYS.get(kind, "00ff" if scheme.get("key_encoding") == "hex" else _PLACEHOLDER)
    return SCHEME.validate_python({**scheme, "secrets": (placeholder,)})


def _of_the_proof(preset: Preset, text: str) -> Iterator[str]:
    """Whether the page says the same of the proof as the preset: samples are signed with the preset's own scheme."""
    if SIGNS not in text or scheme_complaint(preset) is not None:
        return
    said = text.partition(SIGNS)[2].partition("\n## ")[0].lower()
    if preset.scheme is None:
        if "nothing of its own" not in said:
            yield f"the preset has no `scheme`, and `{SIGNS}` does not say `Nothing of its own`; declare one, or say so"
        return
    scheme = _scheme_of(preset)
    place = proof_place(scheme)
    if place is not None and place.lower() not in said:
        yield f"by its `scheme` the proof stands in `{place}`, which `{SIGNS}` does not name; mend the one or the other"


def _of_the_doc(preset: Preset, folder: Traversable) -> Iterator[str]:
    doc = folder / "doc.md"
    if not doc.is_file():
        yield f"`doc.md` is missing; write it with the sections {', '.join(HEADINGS)}"
        return
    text = doc.read_text("utf-8")
    for heading in (*HEADINGS, FETCHED_HEADING) if preset.fetch else HEADINGS:
        if heading not in text:
            yield f"`doc.md` has no section `{heading}`; add it"
    if f"preset: {preset.name}" not in text:
        yield f"`doc.md` shows no source with `preset: {preset.name}`; add one"
    elif not any(f"`NAME` is the source's name, here `{name}`" in text for name in _sources_in(text)):
        yield '`doc.md` does not say below its source that "`NAME` is the source\'s name, here `…`"; add it'
    yield from _of_the_proof(preset, text)


def _sources_in(text: str) -> list[str]:
    """The names of the sources that a page shows."""
    return re.findall(r"^ {2}([\w-]+):\n {4}preset:", text, re.MULTILINE)


def proof_place(scheme: Scheme) -> str | None:
    """Where a proof stands, as pages call it: a header, a field of the body, `URL`; None for the whole body."""
    match scheme:
        case BodySecret():
            return scheme.field
        case UrlSecret():
            return "URL"
        case StandardWebhooks():
            return scheme.layout({}).header
        case Basic():
            return "Authorization"
        case Unsigned():
            return None
        case _:
            return scheme.header


def _of_the_unfinished(preset: Preset, found: Sequence[Unfinished], *, fetches: bool) -> Iterator[str]:
    for case in found:
        told = "; and ".join(case.lacks)
        if case.sample is None or (case.sample.fetched is not None and not fetches):
            yield f"`samples/{case.name}` {told}; add what is missing"
        else:
            yield f"`samples/{case.name}` {told}; it becomes {json.dumps(outcome_of(preset, case.sample))}"


def _of_the_samples(preset: Preset, found: Sequence[Sample], *, cases: int, fetches: bool) -> Iterator[str]:
    """`cases` counts those too that are no samples yet.

    `fetches` is False when something is wrong with `fetch`, so that nothing can be completed.
    """
    if cases < FEWEST_SAMPLES:
        yield (
            f"`samples` has {cases} cases; add folders with body.*, headers.json and expected.json, until there "
            f"are {FEWEST_SAMPLES}"
        )
    if found and not any("events" in sample.expected for sample in found):
        yield "no sample becomes an event; add one that does"
    for sample in found:
        if sample.fetched is not None and not fetches:
            continue
        became = outcome_of(preset, sample)
        if became != sample.expected:
            yield f"`samples/{sample.name}` becomes {json.dumps(became)}; mend the preset, or expected.json"
        if preset.fetch is not None and sample.fetched is not None:
            yield from _of_what_is_asked_for(preset.fetch, sample, _parsed(preset, sample))


def _of_what_is_asked_for(fetch: Fetch, sample: Sample, parsed: Parsed) -> Iterator[str]:
    """Whether the announcement has the ids that the calls need, one lead alone, and no answer without it is taken."""
    events = [event for event in parsed.events if event.ignored is None]
    if len(events) != 1:
        yield f"`samples/{sample.name}` has a fetched.json and {len(events)} leads; it may have one"
        return
    answers: dict[str, Json] = {}
    try:
        while (get := next_get(fetch, events[0], answers)) is not None:
            answers[get.step.name] = (sample.fetched or {}).get(get.step.name)
            if (other := other_than_asked(get, answers[get.step.name])) is not None:
                yield f"`samples/{sample.name}`: {other}; mend the step's `same_as`, or fetched.json"
    except NothingToAskFor as error:
        yield f"`samples/{sample.name}`: {error}; mend the step's part, or the body"
        return
    yield from no_lead_complaints(fetch, events[0], answers)
