"""What the documents say of the code is compared with the code."""

import re
import tomllib

import leadbridge
from tests.generated import ROOT

HOW = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")


def test_every_stage_is_in_the_table_and_in_the_tree() -> None:
    files = re.findall(r"^\| \w+ \| (.*?) \|", HOW, re.MULTILINE)
    for name in re.findall(r"`([\w/]+(?:\.py)?)`", " ".join(files)):
        assert (ROOT / "service/leadbridge" / name).exists(), name


def test_the_changelog_speaks_of_this_version_first() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert first is not None
    assert first[1] == leadbridge.__version__


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_whatever_stands_above_the_store_must_not_know_a_concrete_one() -> None:
    """But for the commands, and what is above them: they open it."""
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers, concrete = configured
    lines = [[name.strip() for name in line.split("|")] for line in layers["layers"]]
    (store,) = (at for at, line in enumerate(lines) if "store" in line)
    kept_out = {f"leadbridge.{name}" for line in lines[lines.index(["commands"]) + 1 : store] for name in line}
    assert set(concrete["source_modules"]) == kept_out, "pyproject.toml: source_modules of the second contract"
    engines = {
        folder.name for folder in (ROOT / "service/leadbridge/store").iterdir() if (folder / "migrations").is_dir()
    }
    assert {f"leadbridge.store.{engine}" for engine in engines} <= set(concrete["forbidden_modules"])
