"""The samples that have the vendor's answers, and changed ones."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from leadbridge.events import Event, Json
from leadbridge.parse import parse
from leadbridge.sources.fetching import Answers, Fetch
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.sources.samples import Sample, folder_of, samples_in
from leadbridge.verify import verify
from tests.sources.senders import NOW, sender_of

FETCHED: Final = [
    (preset, sample)
    for preset in BUILT_IN
    for sample in samples_in(folder_of(preset.name))
    if sample.fetched is not None
]
_ODD: Final[list[Json]] = [None, True, 0, -1, 10**30, "", " ", "x", "☃\x00", [], {}, [[]], [None], {"": ""}, 1.5, "a.b"]


def fetch_of(preset: Preset) -> Fetch:
    """How the preset fetches; it must."""
    assert preset.fetch is not None
    return preset.fetch


def named(preset: str, name: str) -> tuple[Preset, Sample]:
    """The sample of this name."""
    (found,) = [(one, sample) for one, sample in FETCHED if (one.name, sample.name) == (preset, name)]
    return found


def announced(preset: Preset, sample: Sample) -> Event:
    """The event before anything was fetched."""
    sender = sender_of(preset)
    (event,) = parse(preset, verify(sender.scheme, sender.sends(sample), now=NOW)).events
    return event


def answers_of(sample: Sample) -> dict[str, Any]:
    """The sample's documents, to be changed at will."""
    assert sample.fetched is not None
    return copy.deepcopy(dict(sample.fetched))


def completed(preset: Preset, sample: Sample, answers: Answers | None = None) -> Event:
    """The event with its answers: the sample's, or others."""
    return fetch_of(preset).complete(announced(preset, sample), answers_of(sample) if answers is None else answers)


def mutant(answers: Answers, dice: Random) -> dict[str, Json]:
    """The documents with one to four of their values gone, doubled or replaced by odd ones."""
    changed: dict[str, Json] = copy.deepcopy(dict(answers))
    for _ in range(dice.randint(1, 4)):
        places = list(_places(changed))
        if not places:
            break
        holder, key = dice.choice(places)
        odd = copy.deepcopy(dice.choice([*_ODD, holder[key], [holder[key]], json.dumps(holder[key])]))
        if dice.random() < 0.2 and isinstance(holder, dict) and holder is not changed:
            del holder[key]
        else:
            holder[key] = odd
    return changed


def _places(value: Json) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        return
    for key, item in pairs:
        yield value, key
        yield from _places(item)
