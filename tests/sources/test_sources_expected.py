"""The command that writes what samples become: what cannot be read is said, and nothing is written over."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from leadbridge.sources.registry import PRESETS
from tests.sources import expected

FORM = replace(PRESETS["generic"], name="acme")


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(expected, "PRESETS", {"acme": FORM})
    monkeypatch.setattr(expected, "folder_of", lambda _name: tmp_path)
    return tmp_path / "samples"


def sample(samples: Path, name: str, body: str) -> Path:
    case = samples / name
    case.mkdir(parents=True)
    (case / "body.json").write_text(body)
    (case / "headers.json").write_text('{"content-type": "application/json"}')
    return case


def test_what_a_sample_becomes_is_written_and_printed(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case, kept = sample(samples, "lead", '{"name": "Zoë"}'), sample(samples, "old", '{"name": "Ann"}')
    (kept / "expected.json").write_text("{}")
    assert expected.main(["acme"]) == 0
    written = (case / "expected.json").read_text("utf-8")
    assert json.loads(written)["events"][0]["fields"] == {"name": "Zoë"}
    assert capsys.readouterr().out == f"samples/lead/expected.json:\n{written}\n"
    assert (kept / "expected.json").read_text() == "{}"


def test_what_cannot_be_read_is_said_and_nothing_is_written(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample(samples, "broken", "{")
    bare = sample(samples, "bare", "{}")
    (bare / "headers.json").unlink()
    assert expected.main(["acme"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "samples/bare has no headers.json; has no expected.json; nothing is written"
    assert said[1].startswith("samples/broken cannot be read: ")
    assert not list(samples.glob("*/expected.json"))


def test_a_preset_that_is_not_registered_is_wrong_usage(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert expected.main(["acne"]) == 2
    assert "not registered: acne" in capsys.readouterr().out
    assert expected.main([]) == 2
