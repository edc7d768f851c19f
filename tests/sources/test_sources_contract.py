"""What every preset promises; the tests walk the folders, so that a new one needs no test code."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from leadbridge.errors import SignatureError
from leadbridge.events import Received
from leadbridge.parse import parse
from leadbridge.schemes import SCHEME, Scheme
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.sources.samples import Sample, folder_of, samples_in
from leadbridge.testing import complaints, outcome_json
from leadbridge.verify import sign, verify

NOW = 1_796_000_000_000  # 2026-11-30, after every sample
SECRET, OTHER = "whsec_b25lIHNlY3JldCBmb3IgdGVzdHM=", "whsec_YW5vdGhlciBzZWNyZXQgZm9yIHRlc3Rz"
SAMPLES = [(preset, sample) for preset in BUILT_IN for sample in samples_in(folder_of(preset.name))]
SIGNED = [preset for preset in BUILT_IN if preset.scheme]


def scheme_of(preset: Preset, *secrets: str) -> Scheme:
    return SCHEME.validate_python({**(preset.scheme or {"scheme": "token"}), "secrets": secrets or (SECRET,)})


def sent(sample: Sample, scheme: Scheme, *, at: int = NOW) -> Received:
    """The sample as its sender would post it, signed; a sample's own id is the one that is signed."""
    bare = Received(
        source="sample",
        method="POST",
        url="https://leads.example.com/hooks/sample",
        headers=sample.headers,
        body=sample.body,
        received_at=at,
    )
    message_id = sample.headers.get("webhook-id") or sample.headers.get("svix-id") or "msg_1"
    proof = sign(scheme, method=bare.method, url=bare.url, body=bare.body, message_id=message_id, now=at)
    if "svix-id" in sample.headers:
        proof = {name.replace("webhook-", "svix-"): value for name, value in proof.items()}
    return replace(bare, headers={**sample.headers, **proof})


def named(value: Any) -> str:
    return str(getattr(value, "name", value))


@pytest.mark.parametrize(("preset", "sample"), SAMPLES, ids=named)
def test_a_signed_sample_becomes_what_it_is_expected_to(preset: Preset, sample: Sample) -> None:
    scheme = scheme_of(preset)
    parsed = parse(preset, verify(scheme, sent(sample, scheme), now=NOW))
    assert outcome_json(parsed) == sample.expected


@pytest.mark.parametrize(("preset", "sample"), SAMPLES, ids=named)
def test_a_sample_is_refused_when_anything_of_its_proof_is_wrong(preset: Preset, sample: Sample) -> None:
    scheme = scheme_of(preset, SECRET, OTHER)
    good = sent(sample, scheme)
    assert verify(scheme, sent(sample, scheme_of(preset, OTHER)), now=NOW).verified

    def reason(received: Received) -> str:
        with pytest.raises(SignatureError) as refused:
            verify(scheme, received, now=NOW)
        return refused.value.reason

    assert reason(replace(good, headers=sample.headers)) == "missing_header"
    assert reason(sent(sample, scheme_of(preset, "whsec_c29tZSBvdGhlcg=="))).startswith("wrong_")
    for name in set(good.headers) - set(sample.headers):
        cut, snow = good.headers[name][:-5], good.headers[name] + "☃"
        assert reason(replace(good, headers={**good.headers, name: cut})) in (
            "malformed_header",
            "wrong_signature",
            "wrong_token",
        )
        assert reason(replace(good, headers={**good.headers, name: snow})) == "malformed_header"
    if preset.scheme:
        assert reason(replace(good, body=good.body + b" ")) == "wrong_signature"


@pytest.mark.parametrize("preset", SIGNED, ids=named)
def test_a_replayed_sample_is_refused_where_the_sender_signs_a_time(preset: Preset) -> None:
    scheme = scheme_of(preset)
    sample = samples_in(folder_of(preset.name))[0]
    good = sent(sample, scheme)
    if not any("timestamp" in name for name in good.headers):
        assert verify(scheme, good, now=NOW * 2).verified
        return
    for moved, expected in ((3_600_000, "timestamp_too_old"), (-3_600_000, "timestamp_in_future")):
        with pytest.raises(SignatureError) as refused:
            verify(scheme, good, now=NOW + moved)
        assert refused.value.reason == expected


@pytest.mark.parametrize(("preset", "sample"), SAMPLES, ids=named)
def test_fields_are_flat_and_raw_is_the_whole(preset: Preset, sample: Sample) -> None:
    scheme = scheme_of(preset)
    for event in parse(preset, verify(scheme, sent(sample, scheme), now=NOW)).events:
        assert event.raw
        for name, value in event.fields.items():
            assert name
            assert not isinstance(value, Mapping)
            if isinstance(value, list):
                assert not any(isinstance(item, Mapping | list) for item in value)


def _folders() -> list[str]:
    root = files("leadbridge.sources")
    return sorted(
        folder.name for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(("_", "."))
    )


def test_every_folder_is_registered() -> None:
    known = {preset.name.replace("-", "_") for preset in BUILT_IN}
    for folder in _folders():
        assert folder in known, (
            f"service/leadbridge/sources/{folder} has no preset in the registry: add its PRESET to BUILT_IN in "
            f"service/leadbridge/sources/registry.py, with the folder's name (`-` for `_`) as its name"
        )


@pytest.mark.parametrize("preset", BUILT_IN, ids=named)
def test_every_preset_has_everything_that_its_folder_must_hold(preset: Preset) -> None:
    folder = folder_of(preset.name)
    assert folder.is_dir(), f"create service/leadbridge/sources/{preset.name.replace('-', '_')}"
    assert complaints(preset, folder) == []


@pytest.mark.parametrize("preset", BUILT_IN, ids=named)
def test_every_preset_fits_in_80_lines(preset: Preset) -> None:
    init = (folder_of(preset.name) / "__init__.py").read_text("utf-8")
    assert init.count("\n") <= 80, "move its shape into a module beside it"
