"""Which places of a body hold secrets, whatever the source says of its verification."""

from dataclasses import replace

import pytest

from leadbridge.desk import desks
from leadbridge.settings.loading import load_text
from leadbridge.sources.registry import PRESETS

OF_GOOGLE = PRESETS["google-ads"]


@pytest.mark.parametrize(
    ("declared", "verify", "expected"),
    [
        (("google_key",), "{secrets: a-secret-of-the-tests}", ()),  # that of the scheme is masked anyway
        (("google_key",), "none", ("google_key",)),
        ((), "none", ("google_key",)),  # known by the scheme that the preset brings
        (("other",), "{scheme: token, secrets: a-secret-of-the-tests}", ("google_key", "other")),
        (("other",), "{field: elsewhere, secrets: a-secret-of-the-tests}", ("google_key", "other")),
    ],
)
def test_the_presets_places_are_masked_beside_that_of_the_scheme(
    monkeypatch: pytest.MonkeyPatch, declared: tuple[str, ...], verify: str, expected: tuple[str, ...]
) -> None:
    changed = {**PRESETS, "google-ads": replace(OF_GOOGLE, secrets_at=declared)}
    monkeypatch.setattr("leadbridge.desk.PRESETS", changed)
    loaded = load_text(f"version: 1\nsources: {{google: {{preset: google-ads, verify: {verify}}}}}\n", "tests.yaml", {})
    assert desks(loaded.settings)["google"].secrets_at == expected
