"""What a Copper account is set up with: custom field definitions, statuses, sources, users."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from leadbridge.events import Json

DataType: TypeAlias = Literal[
    "String", "Text", "URL", "Dropdown", "MultiSelect", "Checkbox", "Float", "Percentage", "Currency", "Date", "Connect"
]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: int = Field(gt=0)
    name: str


class Choice(_Entry):
    """A customer source."""


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


@dataclass(slots=True)
class Catalog:
    """One account's lists, by id."""

    definitions: dict[int, Definition] = field(default_factory=lambda: {entry.id: entry for entry in DEFINITIONS})
    statuses: dict[int, Status] = field(default_factory=lambda: {entry.id: entry for entry in STATUSES})
    sources: dict[int, Choice] = field(default_factory=lambda: {entry.id: entry for entry in SOURCES})
    users: dict[int, User] = field(default_factory=lambda: {entry.id: entry for entry in USERS})

    def extended(
        self,
        *,
        definitions: Iterable[Definition],
        statuses: Iterable[Status],
        sources: Iterable[Choice],
        users: Iterable[User],
    ) -> "Catalog":
        """These lists with more entries; one with a known id replaces it."""
        return Catalog(
            definitions=self.definitions | {entry.id: entry for entry in definitions},
            statuses=self.statuses | {entry.id: entry for entry in statuses},
            sources=self.sources | {entry.id: entry for entry in sources},
            users=self.users | {entry.id: entry for entry in users},
        )

    def lead_definitions(self) -> tuple[Definition, ...]:
        """The custom fields that a lead has."""
        return tuple(definition for definition in self.definitions.values() if "lead" in definition.available_on)

    def default_status(self) -> Status:
        """What a new lead's status is."""
        ordered = sorted(self.statuses.values(), key=lambda status: (not status.is_default, status.order))
        return ordered[0]

    def status_named(self, name: str) -> Status | None:
        """The status of that name, in any case of letters."""
        return next((status for status in self.statuses.values() if status.name.lower() == name.lower()), None)
