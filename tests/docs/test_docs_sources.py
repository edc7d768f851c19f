"""The senders' pages: each leads to what holds for all of them, and what it shows can be used as it stands."""

import re

import pytest
import yaml

from leadbridge.schemes import SCHEME
from leadbridge.settings.loading import load_text
from leadbridge.sources import hubspot_workflow
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from tests.docs.pages import fences
from tests.generated import ROOT

SHARED = "../../../../docs/setting-up-a-source.md"  # its commands are shown, not run: they need a sender


def page_of(name: str) -> str:
    return f"service/leadbridge/sources/{name.replace('-', '_')}/doc.md"


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_each_page_leads_to_what_holds_for_all(preset: Preset) -> None:
    text = (ROOT / page_of(preset.name)).read_text("utf-8")
    assert f"[setting up a source]({SHARED})" in text.partition("## What it signs")[0], (
        f"{page_of(preset.name)}: say below the example, as the other pages do: `NAME` is the source's name, here `…`; "
        f"[setting up a source]({SHARED}) says …"
    )


def test_the_shared_page_says_what_the_others_leave_to_it() -> None:
    text = (ROOT / "docs" / "setting-up-a-source.md").read_text("utf-8")
    for needed in (
        "server: {public_url:",
        "openssl rand -hex 24",
        "leadbridge list --source",
        "secrets: [",
        "YOUR-HOST",
    ):
        assert needed in text


def test_the_configuration_of_the_shared_page_loads_without_a_warning() -> None:
    page = ROOT / "docs" / "setting-up-a-source.md"
    (shown,) = fences(page, "yaml")
    secrets = {"QUOTES_SECRET": "a-secret-of-the-tests", "COPPER_TOKEN": "c" * 32}
    loaded = load_text(shown.body, "site.yaml", secrets)
    assert loaded.warnings == ()
    commands = "".join(fence.body for fence in fences(page, "console"))
    assert set(loaded.settings.sources) == set(re.findall(r"leadbridge list --source (\w+)", commands))
    assert all(f"{name}=" in commands for name in secrets)


def test_the_proof_of_a_workflow_is_the_same_under_another_preset() -> None:
    _, block, *_ = fences(ROOT / page_of(hubspot_workflow.PRESET.name), "yaml")
    (source,) = yaml.safe_load(block.body)["sources"].values()
    secret = {"secrets": ["a-secret-of-the-tests"]}
    shown = SCHEME.validate_python({**source["verify"], **secret})
    assert shown == SCHEME.validate_python({**(hubspot_workflow.PRESET.scheme or {}), **secret})
