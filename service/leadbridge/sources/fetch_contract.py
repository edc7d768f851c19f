"""What a preset's `fetch` and its samples have to hold: the part of the shared contract that only such presets have."""

import json
import re
from collections.abc import Iterator, Sequence
from string import Formatter
from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json
from leadbridge.sources.fetching import Answers, Fetch, Part, Step
from leadbridge.sources.preset import Preset
from leadbridge.sources.samples import Sample

_ANOTHER_PATH: Final = (".", "..")
# Garbage, and errors as the vendors write them: some gateway answers them with 200.
_NO_LEAD: Final[tuple[Json, ...]] = (
    {}, [], 5, "ok", None, {"status": "error", "message": "gone"}, {"error": {"code": 1, "message": "gone"}},
    {"errors": [{"code": "not_found", "detail": "gone"}]}, {"data": None},
)  # fmt: skip
_KNOWN: Final = frozenset({"version", "token"})


def fetch_complaints(preset: Preset, samples: Sequence[Sample]) -> Iterator[str]:
    """Everything that is wrong with how a preset fetches, each with what to do about it."""
    fetched = [sample for sample in samples if sample.fetched is not None]
    if preset.fetch is None:
        for sample in fetched:
            yield f"`samples/{sample.name}` has a fetched.json, and the preset no `fetch`; declare one, or remove it"
        return
    if preset.thin is None:
        yield "`fetch` without `thin`: say what the notification lacks"
    yield from _of_the_address(preset.fetch)
    for index, step in enumerate(preset.fetch.steps):
        yield from _of_a_step(step, earlier={one.name for one in preset.fetch.steps[:index]})
    yield from _of_the_samples(preset.fetch, fetched)


def _of_the_address(fetch: Fetch) -> Iterator[str]:
    if not fetch.base_url.startswith("https://") or fetch.base_url.endswith("/"):
        yield "`fetch.base_url` must begin with https:// and end without a slash"
    if not fetch.steps:
        yield "`fetch.steps` is empty; name the GET that has the answers"
    if fetch.window < 1 or fetch.limit < max(1, len(fetch.steps)):
        yield "`fetch.limit` in a `window` must allow the calls of one lead at least"
    said = (fetch.authorization, *fetch.headers.values())
    for text in said:
        if unknown := _names_in(text) - _KNOWN:
            yield f"a header of `fetch` says {{{sorted(unknown)[0]}}}; it may say {{version}} and {{token}}"
    if not any("token" in _names_in(text) for text in said):
        yield "no header of `fetch` carries the {token}"


def _of_a_step(step: Step, *, earlier: set[str]) -> Iterator[str]:
    if step.name in earlier:
        yield f"two steps of `fetch` are called `{step.name}`; each document has a name of its own"
    if not step.path.startswith("/"):
        yield f"the path of the step `{step.name}` must begin with a slash"
    if _names_in(step.path) - {"version"} != set(step.parts):
        yield f"the step `{step.name}` must have a part for each name in `{step.path}`, and no other"
    if not step.same_as or not step.same_as.keys() <= step.parts.keys():
        yield f"`same_as` of the step `{step.name}` must say where its document repeats a part that was asked for"
    if step.also is not None and step.also not in step.query:
        yield f"`also` of the step `{step.name}` must be a key of its query"
    for name, part in step.parts.items():
        if part.of is not None and part.of not in earlier:
            yield f"the part `{name}` of the step `{step.name}` is of `{part.of}`, which is no step before it"
        if _may_be_another_path(part):
            yield f"the pattern of the part `{name}` of the step `{step.name}` takes dots alone: they are another path"


def _may_be_another_path(part: Part) -> bool:
    return any(re.fullmatch(part.pattern, dots) for dots in _ANOTHER_PATH)


def _of_the_samples(fetch: Fetch, samples: Sequence[Sample]) -> Iterator[str]:
    names = {step.name for step in fetch.steps}
    if not samples:
        yield "no sample has a fetched.json; add one, with the vendor's documents by the names of the steps"
    for sample in samples:
        if not isinstance(sample.fetched, dict) or set(sample.fetched) != names:
            listed = ", ".join(sorted(names))
            yield f"`samples/{sample.name}/fetched.json` must be an object with the documents {listed}, and no other"


def no_lead_complaints(fetch: Fetch, event: Event, answers: Answers) -> Iterator[str]:
    """What is wrong when a step is answered with what holds no lead: nothing may be completed with it."""
    for step in fetch.steps:
        for document in _NO_LEAD:
            try:
                fetch.complete(event, {**answers, step.name: document})
            except Unparseable:
                continue
            said = json.dumps(document)
            yield f"`fetch.complete` takes {said} for the document `{step.name}`; raise `Unparseable` (see `needs`)"
            break


def _names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
