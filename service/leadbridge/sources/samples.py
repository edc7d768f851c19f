"""The samples in a preset's folder: what a sender sends, and what it must become.

`samples/CASE/` holds `body.*` (the raw bytes), `headers.json` and `expected.json`: the events, or why there is none.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from leadbridge.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request of a sender, unsigned, with the outcome of `parse`."""

    name: str
    body: bytes
    headers: Mapping[str, str]
    expected: Json


def folder_of(preset_name: str) -> Traversable:
    """The folder of one of our presets."""
    return files("leadbridge.sources") / preset_name.replace("-", "_")


def samples_in(folder: Traversable) -> tuple[Sample, ...]:
    """The samples of the preset in `folder`, by name; none when it has no `samples`."""
    root = folder / "samples"
    if not root.is_dir():
        return ()
    return tuple(_sample(case) for case in sorted(root.iterdir(), key=lambda case: case.name) if case.is_dir())


def _sample(case: Traversable) -> Sample:
    body = next(file for file in case.iterdir() if file.name.startswith("body."))
    return Sample(
        name=case.name,
        body=body.read_bytes(),
        headers=json.loads((case / "headers.json").read_bytes()),
        expected=json.loads((case / "expected.json").read_bytes()),
    )
