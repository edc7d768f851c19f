"""The documents of the presets' samples: whoever sends one to a service that fetches from the sandbox gets its lead."""

from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import unquote

from leadbridge.bodies import read_document
from leadbridge.events import Json
from leadbridge.sandbox.vendors import VENDORS
from leadbridge.sandbox.vendors.vendor import Vendor
from leadbridge.sources.fetching import Fetch, next_get
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import PRESETS
from leadbridge.sources.samples import Sample, folder_of, samples_in


@cache
def known_documents() -> Mapping[str, Mapping[str, Mapping[str, Json]]]:
    """By vendor, kind and id. What a sample's call would find nowhere at the emulated vendor is left out."""
    return {vendor.name: _of(vendor, PRESETS[vendor.name]) for vendor in VENDORS}


def paths_of(preset: Preset, fetch: Fetch, sample: Sample) -> Iterator[tuple[str, Json]]:
    """Each path that is called for a sample, with the document that is answered."""
    if not sample.fetched:
        return
    for event in preset.shape(read_document(sample.body, sample.headers)):
        answers: dict[str, Json] = {}
        while (get := next_get(fetch, event, answers)) is not None and get.step.name in sample.fetched:
            answers[get.step.name] = sample.fetched[get.step.name]
            yield unquote(get.path), answers[get.step.name]


def _of(vendor: Vendor, preset: Preset) -> Mapping[str, Mapping[str, Json]]:
    kinds: dict[str, dict[str, Json]] = {}
    if preset.fetch is None:
        return kinds
    for sample in samples_in(folder_of(preset.name)):
        for path, document in paths_of(preset, preset.fetch, sample):
            place = vendor.place(path)
            if place is not None:
                kinds.setdefault(place[0], {})[place[1]] = document
    return kinds
