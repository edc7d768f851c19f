"""What a loaded configuration holds, and what its version follows."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.errors import UsageError
from leadbridge.schemes import Basic, Hmac, StandardWebhooks, Token, Unsigned
from leadbridge.settings.loading import Loaded, load, load_text
from leadbridge.settings.models import DEFAULT_MAX_BODY, Settings
from leadbridge.settings.problem import ConfigProblems
from leadbridge.sources.registry import PRESETS
from tests.settings.corpus import ENVIRON, FOLDER
from tests.support.walked import walked

SMALL = """\
version: 1
sources:
  website: {preset: generic, verify: {scheme: token, secrets: "${TOKEN}"}}
"""


@pytest.fixture
def everything() -> Settings:
    return load(FOLDER / "valid" / "everything.yaml", ENVIRON).settings


def loaded(text: str, **environ: str) -> Loaded:
    return load_text(text, "f.yaml", {**ENVIRON, **environ})


def test_a_source_has_its_whole_scheme_whoever_says_it(everything: Settings) -> None:
    kinds = {name: type(source.scheme) for name, source in everything.sources.items()}
    assert kinds == {"website": Token, "shop": Basic, "signed": Hmac, "survey": Hmac, "events": StandardWebhooks}


def test_options_are_laid_over_the_scheme_of_the_preset() -> None:
    source = '{preset: typeform, verify: {secrets: "${TOKEN}", encoding: hex}}'
    scheme = loaded(f"version: 1\nsources:\n  survey: {source}\n").settings.sources["survey"].scheme
    brought = PRESETS["typeform"].scheme
    assert isinstance(scheme, Hmac)
    assert brought is not None
    assert (scheme.header, scheme.prefix) == (str(brought["header"]).lower(), brought["prefix"])
    assert (scheme.encoding, brought["encoding"]) == ("hex", "base64")


def test_a_scheme_of_ones_own_replaces_the_one_of_the_preset() -> None:
    source = '{preset: typeform, verify: {scheme: token, secrets: ["${TOKEN}", "${OLD_TOKEN}"]}}'
    scheme = loaded(f"version: 1\nsources:\n  survey: {source}\n").settings.sources["survey"].scheme
    assert isinstance(scheme, Token)
    assert [one.get_secret_value() for one in scheme.secrets] == [ENVIRON["TOKEN"], ENVIRON["OLD_TOKEN"]]


@pytest.mark.parametrize("verify", ["none", "{scheme: none}"])
def test_an_unsigned_source_is_said_and_warned_about(verify: str) -> None:
    found = loaded(f"version: 1\nsources:\n  survey: {{preset: typeform, verify: {verify}}}\n")
    assert found.settings.sources["survey"].scheme == Unsigned()
    assert [warning.path for warning in found.warnings] == ["sources.survey", "sources.survey.verify"]


def test_every_value_of_the_server_and_the_destinations_is_kept(everything: Settings) -> None:
    server, copper = everything.server, everything.destinations["copper"]
    assert str(server.public_url) == "https://leads.example.com/in"
    assert server.max_body == 512 * 1024
    assert server.trusted_proxies == tuple(map(ip_network, ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"]))
    assert (everything.defaults.region, everything.sources["website"].region) == ("DE", "CA")
    assert isinstance(copper, CopperSettings)
    assert (copper.user_email, copper.access_token.get_secret_value()) == (ENVIRON["MAIL"], ENVIRON["COPPER_TOKEN"])


def test_what_is_left_out_has_its_default() -> None:
    settings = loaded(SMALL).settings
    assert (settings.defaults.region, settings.server.max_body) == ("US", DEFAULT_MAX_BODY)
    assert (settings.server.public_url, settings.server.trusted_proxies) == (None, ())
    assert (settings.destinations, settings.routes) == ({}, ())


@walked(
    ("written", "size"),
    [("1", 1), ("2097152", 2097152), ("2MiB", 2097152), ('"2 MiB"', 2097152), ("2mb", 2000000), ("64kB", 64000)],
)
def test_sizes_are_bytes_or_what_a_person_writes(written: str, size: int) -> None:
    assert loaded(SMALL + f"server: {{max_body: {written}}}\n").settings.server.max_body == size


@walked("written", ["true", "2.5", "2TB", "-1", "0", "''", "[]", "MiB", "9999999999999MiB"])
def test_what_is_no_size_is_refused(written: str) -> None:
    with pytest.raises(ConfigProblems, match=r"server\.max_body: must be"):
        loaded(SMALL + f"server: {{max_body: {written}}}\n")


def test_the_version_follows_what_is_said_and_not_how() -> None:
    reordered = """\
# a comment
sources:
    website:
        verify:
            secrets: ${TOKEN}
            scheme: 'token'
        preset: "generic"
version: 1
"""
    version = loaded(SMALL).version
    assert len(version) == 12
    assert loaded(reordered).version == version
    assert loaded(SMALL + "defaults: {region: CA}\n").version != version


def test_the_version_does_not_follow_secrets() -> None:
    assert loaded(SMALL, TOKEN="another-token").version == loaded(SMALL).version
    literal = [SMALL.replace("${TOKEN}", secret) for secret in ("written-here", "and-changed")]
    assert loaded(literal[0]).version == loaded(literal[1]).version


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot read "):
        load(tmp_path / name, {})


def test_two_destinations_may_share_an_account() -> None:
    text = (
        (FOLDER / "valid" / "everything.yaml")
        .read_text("utf-8")
        .replace("location_id: a1", "location_id: ve9EPM428h8vShlRW1KT")
    )
    assert loaded(text).warnings == ()


def test_settings_cannot_be_changed(everything: Settings) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(everything, "server", everything.server)  # noqa: B010 - mypy refuses the plain assignment as well
