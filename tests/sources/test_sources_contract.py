"""What every preset promises; the tests walk the folders, so that a new one needs no test code."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from leadbridge.errors import SignatureError
from leadbridge.events import Received
from leadbridge.parse import parse
from leadbridge.schemes import Layout, Scheme, StandardWebhooks
from leadbridge.signing import Signed
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN, FOLDERS
from leadbridge.sources.samples import Sample, folder_of, samples_in
from leadbridge.testing import complaints, outcome_json, with_answers
from leadbridge.verify import verify
from tests.sources.senders import NOW, SAMPLES, SOUND, URL, as_received, scheme_of, secret_of, sender_of
from tests.support.walked import walked

SIGNED = [preset for preset in SOUND if preset.scheme]
# Senders that send their secret itself.
TOLD = [
    (preset, sample)
    for preset, sample in SAMPLES
    if (preset.scheme or {}).get("scheme") in (None, "token", "body", "url")
]
WRONG = ("wrong_", "malformed_", "missing_")


def named(value: Any) -> str:
    return str(getattr(value, "name", value))


def refusal(scheme: Scheme, received: Received, *, now: int = NOW) -> str:
    """The reason why it is refused."""
    with pytest.raises(SignatureError) as refused:
        verify(scheme, received, now=now)
    return refused.value.reason


@walked(("preset", "sample"), SAMPLES, ids=named)
def test_a_signed_sample_becomes_what_it_is_expected_to(preset: Preset, sample: Sample) -> None:
    sender = sender_of(preset)
    verified = verify(sender.scheme, sender.sends(sample), now=NOW, secrets_at=preset.secrets_at)
    assert outcome_json(with_answers(preset, sample, parse(preset, verified))) == sample.expected


@walked(("preset", "sample"), SAMPLES, ids=named)
def test_a_sample_is_taken_with_each_of_the_secrets_and_refused_without(preset: Preset, sample: Sample) -> None:
    sender, other = sender_of(preset), sender_of(preset, 1)
    both = scheme_of(preset, secret_of(preset)[0], secret_of(preset, 1)[0])
    assert verify(both, sender.sends(sample), now=NOW).verified
    assert verify(both, other.sends(sample), now=NOW).verified
    assert refusal(sender.scheme, other.sends(sample)).startswith("wrong_")
    bare = as_received(sample, Signed(url=URL, body=sample.body))
    assert refusal(sender.scheme, bare).startswith(WRONG)


@walked(("preset", "sample"), SAMPLES, ids=named)
def test_a_sample_is_refused_when_anything_of_its_proof_is_wrong(preset: Preset, sample: Sample) -> None:
    sender = sender_of(preset)
    good = sender.sends(sample)
    forged = list(_forged(good, sample))
    assert forged
    for received in forged:
        assert refusal(sender.scheme, received).startswith(WRONG)
    for name in set(good.headers) - set(sample.headers):
        snow = replace(good, headers={**good.headers, name: f"{good.headers[name]}☃"})
        assert refusal(sender.scheme, snow) == "malformed_header"


def _forged(good: Received, sample: Sample) -> Iterator[Received]:
    """The request with one thing wrong: each part of its proof cut off, and the body that the proof is about."""
    for name in set(good.headers) - set(sample.headers):
        yield replace(good, headers={**good.headers, name: good.headers[name][:-5]})
    if good.url != URL:
        yield replace(good, url=good.url[:-5])
        yield replace(good, url=f"{good.url}&{good.url.partition('?')[2]}")
    secret = secret_of(_preset_of(sample))[0]
    if good.body != sample.body and secret.partition("=")[0].encode() in good.body:
        yield replace(good, body=good.body.replace(secret.partition("=")[0].encode(), b"forged", 1))
    elif good.body != sample.body:
        middle = len(good.body) // 2
        yield replace(good, body=good.body[:middle] + bytes([good.body[middle] ^ 1]) + good.body[middle + 1 :])
        yield replace(good, body=good.body[:-1])
    elif (_preset_of(sample), sample) not in TOLD:
        yield replace(good, body=good.body + b" ")
        yield replace(good, body=good.body[:-1])


def _preset_of(sample: Sample) -> Preset:
    return next(preset for preset, one in SAMPLES if one is sample)


@walked("preset", SIGNED, ids=named)
def test_a_replayed_sample_is_refused_where_the_sender_signs_a_time(preset: Preset) -> None:
    sender = sender_of(preset)
    samples = samples_in(folder_of(preset.name))
    assert samples, f"no sample is whole; `python -m tests.sources.expected {preset.name}` writes what they become"
    good = sender.sends(samples[0])
    if not _signs_a_time(sender.scheme):
        assert verify(sender.scheme, good, now=NOW * 2).verified
        return
    assert refusal(sender.scheme, good, now=NOW + 3_600_000) == "timestamp_too_old"
    assert refusal(sender.scheme, good, now=NOW - 3_600_000) == "timestamp_in_future"


def _signs_a_time(scheme: Scheme) -> bool:
    if isinstance(scheme, Layout):
        return "{timestamp}" in scheme.signs and scheme.tolerance != "none"
    return isinstance(scheme, StandardWebhooks)


@walked(("preset", "sample"), SAMPLES, ids=named)
def test_fields_are_flat_and_raw_is_the_whole(preset: Preset, sample: Sample) -> None:
    sender = sender_of(preset)
    for event in parse(preset, verify(sender.scheme, sender.sends(sample), now=NOW)).events:
        assert event.raw
        assert set(event.types) <= set(event.fields)
        assert set(event.second_names) <= set(event.fields)
        for name, value in event.fields.items():
            assert name
            assert not isinstance(value, Mapping)
            if isinstance(value, list):
                assert not any(isinstance(item, Mapping | list) for item in value)


@walked(("preset", "sample"), TOLD, ids=named)
def test_no_secret_that_came_with_a_sample_is_in_what_is_kept(preset: Preset, sample: Sample) -> None:
    sender = sender_of(preset)
    secret, _ = secret_of(preset)
    verified = verify(sender.scheme, sender.sends(sample), now=NOW, secrets_at=preset.secrets_at)
    kept = f"{verified.request}{verified.payload!r}{parse(preset, verified)}"
    assert secret not in kept
    assert secret.replace("=", "%3D") not in kept


def _folders() -> list[str]:
    root = files("leadbridge.sources")
    return sorted(
        folder.name for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(("_", "."))
    )


def _must_be_registered(folders: list[str]) -> None:
    for folder in folders:
        assert folder in FOLDERS, (
            f"service/leadbridge/sources/{folder} is not in the registry: add its name to FOLDERS in "
            f"service/leadbridge/sources/registry.py"
        )


def test_who_forgets_to_register_a_folder_is_told_what_to_do() -> None:
    """What else can be forgotten is named by `complaints`, which has tests of its own."""
    with pytest.raises(AssertionError, match="sources/forgotten is not in the registry: add its name to FOLDERS"):
        _must_be_registered([*_folders(), "forgotten"])


def test_every_folder_is_registered() -> None:
    _must_be_registered(_folders())
    for folder, after in pairwise(FOLDERS):
        assert folder < after, f"FOLDERS is in alphabetical order: move `{after}` before `{folder}`"
    for folder, preset in zip(FOLDERS, BUILT_IN, strict=True):
        assert preset.name.replace("-", "_") == folder, f"a preset is called as its folder: `{preset.name}`, `{folder}`"


@walked("preset", BUILT_IN, ids=named)
def test_every_preset_has_everything_that_its_folder_must_hold(preset: Preset) -> None:
    folder = folder_of(preset.name)
    assert folder.is_dir(), f"create service/leadbridge/sources/{preset.name.replace('-', '_')}"
    found = complaints(preset, folder)
    assert not found, "\n".join(["", *found])


@walked("preset", BUILT_IN, ids=named)
def test_every_preset_fits_in_80_lines(preset: Preset) -> None:
    init = (folder_of(preset.name) / "__init__.py").read_text("utf-8")
    assert init.count("\n") <= 80, "move its shape into a module beside it"
