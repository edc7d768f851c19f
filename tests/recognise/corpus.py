"""The forms that recognition is measured with, each with the truth beside it.

A case is a file `<language>-<number>.json`: `fields` as an event has them, `types` where a vendor says some, the
`region` of national phone numbers, and the `truth` by the lead's keys. A list in `truth` holds answers of which any
is right. `absent` names keys that the form baits and nothing may fill; e-mail, phone and name are always among them
when the truth has none. A truth of `{"spam": true}` is a form whose trap was filled.

`cases` is what the rules are written with; `held_out` is kept aside, so that its figures say what a form does that
nobody has seen. Nobody writes a rule or a table row because of a case in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from leadbridge.events import Event, FieldType, Json

CASES: Final = Path(__file__).parent / "cases"
HELD_OUT: Final = Path(__file__).parent / "held_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One filled form and what a person would read in it."""

    id: str  # en-01
    about: str
    region: str  # ISO 3166-1 alpha-2
    fields: Mapping[str, Json]
    truth: Mapping[str, Any]
    types: Mapping[str, FieldType] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        return self.id.partition("-")[0]

    @property
    def event(self) -> Event:
        return Event(fields=self.fields, raw=self.fields, types=self.types)


def cases_in(folder: Path) -> tuple[Case, ...]:
    """All cases of `folder`, in the order of their names."""
    return tuple(_case(path) for path in sorted(folder.glob("*.json")))


def _case(path: Path) -> Case:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["absent"] = tuple(document.get("absent", ()))
    return Case(id=path.stem, **document)
