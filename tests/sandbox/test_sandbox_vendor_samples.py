"""The leads of the presets' samples are at the emulated vendors: what a preset asks for is there, as it asks for it."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from leadbridge.bodies import read_document
from leadbridge.errors import Unparseable
from leadbridge.sandbox import VENDORS_PATH, SandboxOptions
from leadbridge.sandbox.vendors import VENDORS
from leadbridge.sandbox.vendors.vendor import Vendor
from leadbridge.sources.fetching import Get, next_get, other_than_asked
from leadbridge.sources.registry import PRESETS
from leadbridge.sources.samples import Sample, folder_of, samples_in
from tests.support.walked import walked

from .support import Bench

BY_NAME: Mapping[str, Vendor] = {vendor.name: vendor for vendor in VENDORS}
FETCHING = [PRESETS[vendor.name] for vendor in VENDORS]
SAMPLES = [
    (preset.name, sample)
    for preset in FETCHING
    for sample in samples_in(folder_of(preset.name))
    if sample.fetched is not None
]


def gets(preset_name: str, sample: Sample) -> Iterator[tuple[Get, Mapping[str, Any]]]:
    """The calls for a sample in their order, each with the document that it is to bring."""
    preset = PRESETS[preset_name]
    assert preset.fetch is not None
    (event,) = preset.shape(read_document(sample.body, sample.headers))
    answers: dict[str, Any] = {}
    while (get := next_get(preset.fetch, event, answers)) is not None:
        answers[get.step.name] = (sample.fetched or {})[get.step.name]
        yield get, answers[get.step.name]


def test_every_vendor_has_samples_of_its_leads_from_the_start() -> None:
    assert {name for name, _ in SAMPLES} == {vendor.name for vendor in VENDORS}
    held = Bench().sandbox.documents()
    assert all(held[vendor.name].keys() <= vendor.documents.keys() and held[vendor.name] for vendor in VENDORS)


@pytest.mark.parametrize(("preset_name", "sample"), SAMPLES, ids=lambda one: getattr(one, "name", one))
async def test_a_samples_lead_is_answered_as_the_preset_asks_for_it(preset_name: str, sample: Sample) -> None:
    fetch = PRESETS[preset_name].fetch
    assert fetch is not None
    bench = Bench()
    told = {"version": fetch.version, "token": "shop"}
    headers = {name: value.format(**told) for name, value in fetch.headers.items()}
    headers["authorization"] = fetch.authorization.format(**told)
    for get, document in gets(preset_name, sample):
        answer = await bench.client.get(
            f"{VENDORS_PATH}/{preset_name}{get.path}", params=dict(get.query), headers=headers
        )
        assert answer.status_code == 200, answer.text
        assert not_in(document, answer.json()) == []


@walked(("preset_name", "sample"), SAMPLES, ids=lambda one: getattr(one, "name", one))
def test_what_a_document_must_have_is_what_a_preset_wants_of_it(preset_name: str, sample: Sample) -> None:
    """The table of docs/sandbox.md: without its id a document is another lead's, without its needs it makes none."""
    preset = PRESETS[preset_name]
    assert preset.fetch is not None
    (event,) = preset.shape(read_document(sample.body, sample.headers))
    for get, document in gets(preset_name, sample):
        kind = BY_NAME[preset_name].documents[get.step.name]
        assert other_than_asked(get, document) is None
        assert other_than_asked(get, without(document, kind.own_id)) is not None
        assert kind.needs is not None
        preset.fetch.complete(event, sample.fetched or {})
        with pytest.raises(Unparseable):
            preset.fetch.complete(event, {**(sample.fetched or {}), get.step.name: without(document, kind.needs)})


@pytest.mark.parametrize("preset", FETCHING, ids=lambda preset: preset.name)
def test_the_calls_that_a_preset_allows_itself_fit_the_vendors_quota(preset: Any) -> None:
    for rate in SandboxOptions().of_vendor(preset.name).rates:
        most = preset.fetch.limit * math.ceil(rate.window / preset.fetch.window)
        assert most <= rate.limit, f"{most} calls in {rate.window} s, of {rate.limit}"


def without(document: Any, place: str) -> Any:
    """A copy of a document without what stands at a place."""
    first, _, rest = place.partition(".")
    if not rest:
        return {name: one for name, one in document.items() if name != first}
    return {**document, first: without(document[first], rest)}


def not_in(expected: Any, answered: Any, place: str = "") -> list[str]:
    """What of a sample's document is not answered; null is as good as nothing."""
    if isinstance(expected, Mapping) and isinstance(answered, Mapping):
        return [wrong for name, one in expected.items() for wrong in not_in(one, answered.get(name), f"{place}.{name}")]
    return [] if expected == answered else [f"{place}: {expected!r} is not {answered!r}"]
