"""What a Copper account is set up with: custom fields, statuses, sources, contact types, users, companies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from leadbridge.events import Json

DataType: TypeAlias = Literal[
    "String", "Text", "URL", "Dropdown", "MultiSelect", "Checkbox", "Float", "Percentage", "Currency", "Date", "Connect"
]
RecordKind: TypeAlias = Literal["lead", "person"]  # as a custom field's `available_on` names them


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: int = Field(gt=0)
    name: str


class Choice(_Entry):
    """A customer source or contact type."""


class Company(_Entry):
    """A company, as far as people and conversions need one."""


class Option(_Entry):
    """An option of a Dropdown or MultiSelect."""

    rank: int = 0


class Status(_Entry):
    """A lead status."""

    order: int = 0
    is_default: bool = False


class User(_Entry):
    """A user of the account."""

    email: str


class Stage(_Entry):
    """A step of a pipeline."""

    win_probability: int = Field(default=0, ge=0, le=100)  # per cent


class Pipeline(_Entry):
    """What opportunities go through, from the first stage on."""

    stages: tuple[Stage, ...] = Field(min_length=1)


class Definition(_Entry):
    """A custom field."""

    data_type: DataType
    available_on: tuple[str, ...] = ("lead", "person")
    is_filterable: bool = False
    options: tuple[Option, ...] = ()
    currency: str | None = None

    def answer(self) -> dict[str, Json]:
        """The definition as the API lists it."""
        listed = self.model_dump(exclude={"options", "currency"})
        if self.data_type in ("Dropdown", "MultiSelect"):
            listed["options"] = [option.model_dump() for option in self.options]
        if self.data_type == "Currency":
            listed["currency"] = self.currency
        return listed


def _options(first: int, *names: str) -> tuple[Option, ...]:
    return tuple(Option(id=first + rank, name=name, rank=rank) for rank, name in enumerate(names))


DEFINITIONS: Final = (
    Definition(id=100764, name="External ID", data_type="String", is_filterable=True),
    Definition(id=100765, name="Budget", data_type="Currency", currency="USD", is_filterable=True),
    Definition(
        id=100766,
        name="Interests",
        data_type="MultiSelect",
        is_filterable=True,
        options=_options(2082400, "Buying", "Selling", "Renting", "Financing"),
    ),
    Definition(
        id=100767,
        name="Plan",
        data_type="Dropdown",
        is_filterable=True,
        options=_options(2082300, "Starter", "Growth", "Enterprise"),
    ),
    Definition(id=100768, name="Newsletter", data_type="Checkbox", is_filterable=True),
    Definition(id=100769, name="Move-in date", data_type="Date", is_filterable=True),
)
STATUSES: Final = (
    Status(id=208231, name="New", order=1, is_default=True),
    Status(id=208232, name="Unqualified", order=2),
    Status(id=208233, name="Contacted", order=3),
    Status(id=208234, name="Qualified", order=4),
)
SOURCES: Final = tuple(
    Choice(id=331240 + place, name=name)
    for place, name in enumerate(("Email", "Cold Call", "Advertising", "Website", "Referral"))
)
USERS: Final = (
    User(id=159258, name="Ann Sales", email="ann@example.com"),
    User(id=159259, name="Bob Sales", email="bob@example.com"),
)


# The first is what a new person has: https://developer.copper.com/people/update-a-person.html shows 451490.
CONTACT_TYPES: Final = tuple(
    Choice(id=451490 + place, name=name)
    for place, name in enumerate(("Potential Customer", "Current Customer", "Uncategorized", "Other Contact"))
)
PIPELINES: Final = (
    Pipeline(
        id=213214,
        name="Sales",
        stages=tuple(
            Stage(id=987790 + place, name=name, win_probability=chance)
            for place, (name, chance) in enumerate((("Qualified", 10), ("Proposal", 40), ("Contract Sent", 80)))
        ),
    ),
)


def _by_id(entries: Iterable[Any]) -> dict[int, Any]:
    return {entry.id: entry for entry in entries}


@dataclass(frozen=True, slots=True)
class Catalog:
    """One account's lists, by id."""

    definitions: Mapping[int, Definition] = field(default_factory=lambda: _by_id(DEFINITIONS))
    statuses: Mapping[int, Status] = field(default_factory=lambda: _by_id(STATUSES))
    sources: Mapping[int, Choice] = field(default_factory=lambda: _by_id(SOURCES))
    contact_types: Mapping[int, Choice] = field(default_factory=lambda: _by_id(CONTACT_TYPES))
    users: Mapping[int, User] = field(default_factory=lambda: _by_id(USERS))
    pipelines: Mapping[int, Pipeline] = field(default_factory=lambda: _by_id(PIPELINES))
    companies: Mapping[int, Company] = field(default_factory=dict)

    def extended(self, **more: Iterable[_Entry]) -> "Catalog":
        """These lists with more entries, by the list's name here; one with a known id replaces it."""
        return replace(self, **{name: {**getattr(self, name), **_by_id(entries)} for name, entries in more.items()})

    def definitions_on(self, kind: RecordKind) -> tuple[Definition, ...]:
        """The custom fields that records of this kind have."""
        return tuple(definition for definition in self.definitions.values() if kind in definition.available_on)

    def stages(self) -> Iterator[Stage]:
        """The stages of every pipeline."""
        return (stage for pipeline in self.pipelines.values() for stage in pipeline.stages)

    def default_status(self) -> Status:
        """What a new lead's status is."""
        ordered = sorted(self.statuses.values(), key=lambda status: (not status.is_default, status.order))
        return ordered[0]

    def status_named(self, name: str) -> Status | None:
        """The status of that name, in any case of letters."""
        return next((status for status in self.statuses.values() if status.name.lower() == name.lower()), None)
