"""The guides work as they stand: a copy of the repository is changed by their steps alone, and its tests pass."""

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import Fence, fences, section
from tests.docs.shell import paste, printed
from tests.generated import ROOT

GUIDES = {
    "adding-a-source.md": "service/leadbridge/sources/registry.py",
    "adding-a-crm.md": "service/leadbridge/crm/registry.py",
}
COPIED = ("config", "docs", "helm", "service", "tests", "README.md", "pyproject.toml", "CHANGELOG.md", "Makefile")


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


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_followed_to_the_letter_works(guide: str, checkout: Path) -> None:
    for step in fences(ROOT / "docs" / guide, "sh", "diff"):
        follow(step, checkout, GUIDES[guide])
    readme = (checkout / "README.md").read_text("utf-8")
    assert "| `acme" in readme, "the generated tables have it"


@pytest.mark.parametrize(
    ("guide", "said"),
    [
        ("adding-a-source.md", "sources/acme_forms is not in the registry: add its name to FOLDERS"),
        ("adding-a-crm.md", "crm/acme is not in the registry: add a CrmKind with its settings and adapter to BUILT_IN"),
    ],
)
def test_who_forgets_to_register_is_told_what_to_do(guide: str, said: str, checkout: Path) -> None:
    """What else can be forgotten is named by `complaints`, which has tests of its own."""
    *steps, test = fences(ROOT / "docs" / guide, "sh", "diff")
    for step in steps:
        if step.language != "diff":
            follow(step, checkout, GUIDES[guide])
    done = paste(test.body.splitlines()[-1], checkout, environ=environ_of(checkout))
    assert done.returncode == 1, done.stderr
    assert said in done.stdout


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_has_at_most_seven_steps(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text("utf-8")
    steps = [int(number) for number in re.findall(r"^### (\d+)\. ", text, re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) <= 7
    assert section(ROOT / "docs" / guide, "In a package of your own")
