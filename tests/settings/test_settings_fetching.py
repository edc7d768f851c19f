"""What a source fetches with: what it says, and else what its preset knows."""

import pytest

from leadbridge.settings.fetching import Fetching
from leadbridge.settings.loading import Loaded, load_text
from leadbridge.settings.problem import ConfigProblems
from leadbridge.sources.fetching import Fetch
from leadbridge.sources.registry import PRESETS
from tests.settings.corpus import ENVIRON

SECOND, HOUR = 1_000, 3_600_000  # milliseconds


def loaded(options: str, *, preset: str = "linkedin", **environ: str) -> Loaded:
    text = f'version: 1\nsources:\n  one: {{preset: {preset}, verify: {{secrets: "${{TOKEN}}"}}, fetch: {options}}}\n'
    return load_text(text, "f.yaml", {**ENVIRON, **environ})


def fetching(options: str, *, preset: str = "linkedin") -> Fetching:
    found = loaded(options, preset=preset).settings.sources["one"].fetch
    assert found is not None
    return found


def known(preset: str) -> Fetch:
    found = PRESETS[preset].fetch
    assert found is not None
    return found


def test_the_token_alone_is_enough() -> None:
    of_linkedin = fetching('{token: "${OLD_TOKEN}"}')
    assert of_linkedin.token.get_secret_value() == ENVIRON["OLD_TOKEN"]
    assert of_linkedin.address(known("linkedin")) == "https://api.linkedin.com"
    assert of_linkedin.limit_of(known("linkedin")) == (100, 60 * SECOND)
    assert (of_linkedin.version, of_linkedin.also) == (None, ())


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8090/vendors/linkedin", "http://127.0.0.1:8090/vendors/linkedin/"]
)
def test_an_address_of_ones_own_has_no_slash_at_its_end(address: str) -> None:
    options = f'{{token: "${{OLD_TOKEN}}", base_url: "{address}"}}'
    assert fetching(options).address(known("linkedin")) == "http://127.0.0.1:8090/vendors/linkedin"


@pytest.mark.parametrize(
    ("window", "lasts"),
    [("10s", 10 * SECOND), ("90 s", 90 * SECOND), ("1m", 60 * SECOND), ("1h", HOUR), ("24h", 24 * HOUR)],
)
def test_a_quota_of_ones_own_has_a_window_in_words(window: str, lasts: int) -> None:
    options = f'{{token: "${{OLD_TOKEN}}", quota: {{limit: 200, window: {window}}}}}'
    assert fetching(options).limit_of(known("linkedin")) == (200, lasts)


def test_a_quota_may_have_room_for_the_calls_of_one_lead_alone() -> None:
    assert fetching('{token: "${OLD_TOKEN}", quota: {limit: 2, window: 1s}}').limit_of(known("linkedin")) == (2, SECOND)
    one = fetching('{token: "${OLD_TOKEN}", quota: {limit: 1, window: 1s}}', preset="meta")
    assert one.limit_of(known("meta")) == (1, SECOND)


def test_another_token_is_no_other_configuration_and_is_never_shown() -> None:
    with_one, with_another = (
        loaded('{token: "${KEY}"}', KEY="one-secret-text"),
        loaded('{token: "${KEY}"}', KEY="other"),
    )
    assert with_one.version == with_another.version
    assert with_one.version != loaded('{token: "${KEY}", version: "202606"}', KEY="one-secret-text").version
    source = with_one.settings.sources["one"]
    assert "one-secret-text" not in f"{source!r}{source}{source.model_dump_json()}"
    literal, another = loaded("{token: one-secret-text}"), loaded("{token: another-secret-text}")
    assert literal.version == another.version
    assert "one-secret-text" not in str(literal.warnings)


@pytest.mark.parametrize("token", ["EAAG-token\n", " EAAG-token", "EAAG-t\u00f6ken", "EAAG\ntoken"])
def test_a_token_that_no_header_takes_is_refused_at_the_start(token: str) -> None:
    with pytest.raises(ConfigProblems, match="a token travels in a header: write it in printable ASCII") as caught:
        loaded('{token: "${SENT}"}', SENT=token)
    assert token not in str(caught.value)
