"""The samples in a preset's folder: what a sender sends, and what it must become.

`samples/CASE/` holds `body.*` (the raw bytes), `headers.json` and `expected.json`: the events, or why there is none.
With `fetched.json`, the vendor's documents by the names of the preset's steps, the one event is expected with them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from leadbridge.events import Json

_NO_FILE: Final = "has no {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request of a sender, unsigned, with its outcome; `fetched` are the answers to what is asked for it."""

    name: str
    body: bytes
    headers: Mapping[str, str]
    expected: Json
    fetched: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A case that is no sample yet: what it lacks. `sample` is the rest where only what is expected is missing."""

    name: str
    lacks: tuple[str, ...]
    sample: Sample | None = None


def folder_of(preset_name: str) -> Traversable:
    """The folder of one of our presets."""
    return files("leadbridge.sources") / preset_name.replace("-", "_")


def samples_in(folder: Traversable) -> tuple[Sample, ...]:
    """The samples of the preset in `folder`, by name; none when it has no `samples`."""
    root = folder / "samples"
    if not root.is_dir():
        return ()
    return tuple(case for case in map(_case, _folders(root)) if isinstance(case, Sample))


def unfinished_in(folder: Traversable) -> tuple[Unfinished, ...]:
    """The cases in `folder` that are no samples yet, by name."""
    root = folder / "samples"
    return tuple(case for case in map(_case, _folders(root)) if isinstance(case, Unfinished)) if root.is_dir() else ()


def _folders(root: Traversable) -> list[Traversable]:
    return sorted((case for case in root.iterdir() if case.is_dir()), key=lambda case: case.name)


def _case(case: Traversable) -> Sample | Unfinished:
    lacks: list[str] = []
    body = next((file for file in case.iterdir() if file.name.startswith("body.")), None)
    if body is None:
        lacks.append("has no body.*: the bytes as they came, `body.json`, `.form` or `.multipart`")
    headers = _document(case / "headers.json", lacks)
    expected = _document(case / "expected.json", lacks)
    fetched = _document(case / "fetched.json", lacks) if (case / "fetched.json").is_file() else None
    content = b"" if body is None else body.read_bytes()
    sample = Sample(name=case.name, body=content, headers=headers or {}, expected=expected, fetched=fetched)
    if not lacks:
        return sample
    only_expected = lacks == [_NO_FILE.format("expected.json")]
    return Unfinished(name=case.name, lacks=tuple(lacks), sample=sample if only_expected else None)


def _document(file: Traversable, lacks: list[str]) -> Any:
    """What a file holds; None, and a word in `lacks`, when it is not there or no JSON."""
    if not file.is_file():
        lacks.append(_NO_FILE.format(file.name))
        return None
    try:
        return json.loads(file.read_bytes())
    except ValueError as error:
        lacks.append(f"has a broken {file.name}: {error}")
        return None
