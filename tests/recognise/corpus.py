"""The forms that recognition is measured with, each with the truth beside it.

A case is a file `<language>-<number>.json`: `fields` as an event has them, `types` where a vendor says some, the
`region` of national phone numbers, and the `truth` by the lead's keys. A list in `truth` holds answers of which any
is right. `absent` names keys that the form baits and nothing may fill; e-mail, phone and name are always among them
when the truth has none. A truth of `{"spam": true}` is a form whose trap was filled.

A case may also be posted: instead of `fields` it has the body that a form builder sends, as `json` or as `form` (text,
URL-encoded), which goes through the preset `generic`. `not` lists values that must not be taken for the submitter's
e-mail, phone or name.

`cases` and `posted` are what the rules are written with; `held_out` and `posted_held_out` are kept aside, so that
their figures say what a form does that nobody has seen. Nobody writes a rule or a table row because of a case in them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from leadbridge.events import Event, FieldType, Json, Received, Verified
from leadbridge.parse import parse
from leadbridge.recognise import Recognised, recognise
from leadbridge.sources.registry import PRESETS
from leadbridge.testing import ARRIVED

CASES: Final = Path(__file__).parent / "cases"
HELD_OUT: Final = Path(__file__).parent / "held_out"
POSTED: Final = Path(__file__).parent / "posted"
POSTED_HELD_OUT: Final = Path(__file__).parent / "posted_held_out"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One filled form and what a person would read in it."""

    id: str  # en-01
    about: str
    region: str  # ISO 3166-1 alpha-2
    fields: Mapping[str, Json]
    truth: Mapping[str, Any]
    types: Mapping[str, FieldType] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    never: tuple[Json, ...] = ()
    posted: Event | None = None

    @property
    def language(self) -> str:
        return self.id.partition("-")[0]

    @property
    def event(self) -> Event:
        return self.posted or Event(fields=self.fields, raw=self.fields, types=self.types)


@cache
def recognised(case: Case) -> Recognised:
    """What is recognised of the case; remembered, since several tests look at it."""
    return recognise(case.event, region=case.region)


def cases_in(folder: Path) -> tuple[Case, ...]:
    """All cases of `folder`, in the order of their names."""
    return tuple(_case(path) for path in sorted(folder.glob("*.json")))


def _case(path: Path) -> Case:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["absent"] = tuple(document.get("absent", ()))
    document["never"] = tuple(document.pop("not", ()))
    if "fields" not in document:
        event = _posted(document)
        document |= {"posted": event, "fields": event.fields, "types": event.types}
    return Case(id=path.stem, **document)


def _posted(document: dict[str, Any]) -> Event:
    """The one event of the body, which is taken out of the case."""
    if "json" in document:
        kind, body = "application/json", json.dumps(document.pop("json"), ensure_ascii=False)
    else:
        kind, body = "application/x-www-form-urlencoded", document.pop("form")
    request = Received(
        source="posted",
        method="POST",
        url="https://leads.example.com/hooks/posted",
        headers={"content-type": f"{kind}; charset=utf-8"},
        body=body.encode(),
        received_at=ARRIVED,
    )
    (event,) = parse(PRESETS["generic"], Verified(request=request, payload=request.body, verified=True)).events
    return event
