"""The command that writes and checks generated files."""

from pathlib import Path

import pytest

from tests.generated import Generated, main, stale

WHOLE = Generated(path="docs/table.md", make=lambda: "one\ntwo\n")
REGION = Generated(path="README.md", region="presets", make=lambda: "| a |\n\n")
README = "Before\n<!-- generated: presets -->\nold\n<!-- /generated -->\nAfter\n"


def test_writing_makes_files_and_regions_and_touches_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(README)
    assert stale([WHOLE, REGION], root=tmp_path, write=True) == [WHOLE, REGION]
    assert (tmp_path / "docs" / "table.md").read_text() == "one\ntwo\n"
    assert (tmp_path / "README.md").read_text() == README.replace("old", "| a |")
    assert stale([WHOLE, REGION], root=tmp_path) == []


def test_checking_lists_what_is_stale_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text(README)
    assert main(["--check"], generated=[WHOLE, REGION], root=tmp_path) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == ["docs/table.md is stale; run `make docs`", "README.md (presets) is stale; run `make docs`"]
    assert (tmp_path / "README.md").read_text() == README
    assert not (tmp_path / "docs").exists()


def test_writing_and_then_checking_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], generated=[WHOLE], root=tmp_path) == 0
    assert main(["--check"], generated=[WHOLE], root=tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == ["wrote docs/table.md"]


def test_several_regions_of_one_file_are_kept_apart(tmp_path: Path) -> None:
    other = Generated(path="README.md", region="commands", make=lambda: "run")
    (tmp_path / "README.md").write_text(README + "<!-- generated: commands -->\n<!-- /generated -->\n")
    stale([REGION, other], root=tmp_path, write=True)
    written = (tmp_path / "README.md").read_text()
    assert written.endswith("After\n<!-- generated: commands -->\nrun\n<!-- /generated -->\n")
    assert "<!-- generated: presets -->\n| a |\n<!-- /generated -->" in written


@pytest.mark.parametrize("text", ["nothing\n", README + README, "<!-- generated: presets -->\nnever closed\n"])
def test_a_region_that_is_not_there_once_is_told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text(text)
    assert main(["--check"], generated=[REGION], root=tmp_path) == 1
    assert "README.md needs one region `<!-- generated: presets -->`" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == text


def test_an_argument_it_does_not_know_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err
