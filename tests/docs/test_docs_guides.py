"""The guides work as they stand: a copy of the repository is changed by their steps alone, and its tests pass."""

import json
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from leadbridge.sources.samples import Sample
from leadbridge.testing import outcome_of, scheme_complaint
from tests.docs.pages import Fence, fences, section
from tests.docs.shell import printed
from tests.generated import ROOT

GUIDES = {
    "adding-a-source.md": "service/leadbridge/sources/registry.py",
    "adding-a-crm.md": "service/leadbridge/crm/registry.py",
}
ACME = "docs/examples/leadbridge-acme/leadbridge_acme/forms"
COPIED = (
    "config",
    "docs",
    "helm",
    "service",
    "tests",
    "README.md",
    "pyproject.toml",
    "CHANGELOG.md",
    "Makefile",
    "requirements.lock",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository as a newcomer has it, with the same `.venv`."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)  # with what was compiled, as far as it is used already
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def environ_of(folder: Path) -> dict[str, str]:
    """With this copy's source as the one that is imported."""
    return {"PYTHONPATH": str(folder / "service"), "PYTHONDONTWRITEBYTECODE": "1"}


def change(path: Path, diff: str) -> None:
    """Apply a `diff` block: its lines without `+` must be there, in one place."""
    before = "\n".join(line[1:] for line in diff.rstrip("\n").split("\n") if not line.startswith("+"))
    after = "\n".join(line[1:] for line in diff.rstrip("\n").split("\n") if not line.startswith("-"))
    text = path.read_text("utf-8")
    assert text.count(before) == 1, f"{path.name} has not this any more:\n{before}"
    path.write_text(text.replace(before, after), "utf-8")


def follow(step: Fence, checkout: Path, registry: str) -> None:
    if step.language == "diff":
        change(checkout / registry, step.body)
    else:
        printed(step.body, checkout, environ=environ_of(checkout))


@pytest.mark.whole
@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_followed_to_the_letter_works(guide: str, checkout: Path) -> None:
    *steps, last = fences(ROOT / "docs" / guide, "sh", "diff")
    for step in steps:
        follow(step, checkout, GUIDES[guide])
    for sample in (checkout / "service").glob("leadbridge/sources/acme_forms/samples/*"):
        (sample / "expected.json").unlink()  # as they are where somebody else begins
    follow(last, checkout, GUIDES[guide])
    for sample in (ROOT / ACME / "samples").iterdir():
        made = checkout / "service/leadbridge/sources/acme_forms/samples" / sample.name / "expected.json"
        if guide == "adding-a-source.md":
            assert json.loads(made.read_bytes()) == json.loads((sample / "expected.json").read_bytes())
    readme = (checkout / "README.md").read_text("utf-8")
    assert "| `acme" in readme, "the generated tables have it"


def test_the_preset_that_the_page_shows_works_as_it_stands() -> None:
    shown: dict[str, Any] = {}
    exec(compile(fences(ROOT / "docs/adding-a-source.md", "python")[0].body, "__init__.py", "exec"), shown)
    asked = [{"title": "Your name", "key": "q1", "type": "text", "value": "Ann Lee"},
             {"title": "Mail", "key": "q2", "type": "email", "value": "ann@example.com"}]  # fmt: skip
    body = json.dumps({"id": "e1", "form_id": "f1", "kind": "entry", "data": asked}).encode()
    sample = Sample(name="entry", body=body, headers={"content-type": "application/json"}, expected=None)
    (event,) = outcome_of(shown["PRESET"], sample)["events"]
    assert (
        event["fields"].items()
        >= {"Your name": "Ann Lee", "Mail": "ann@example.com", "email": "ann@example.com"}.items()
    )
    assert event["meta"] == {"form_id": "f1", "submission_id": "e1"}
    assert event["dedupe_id"] == "e1"
    assert scheme_complaint(shown["PRESET"]) is None


def test_every_name_of_the_page_stands_where_it_says() -> None:
    text = " ".join((ROOT / "docs/adding-a-source.md").read_text("utf-8").split())
    (told,) = re.findall(r"`Path`, `Joined`[^.]*(?:\.py[^.]*)+\.", text)
    parts = re.findall(r"([^;]*?) (?:stand )?in `sources/(\w+)\.py`", told)
    assert len(parts) == 4
    for names, module in parts:
        found = import_module(f"leadbridge.sources.{module}")
        assert [name for name in re.findall(r"`(\w+)`", names) if not hasattr(found, name)] == [], module


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_has_at_most_seven_steps(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text("utf-8")
    steps = [int(number) for number in re.findall(r"^### (\d+)\. ", text, re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) <= 7
    assert section(ROOT / "docs" / guide, "In a package of your own")
