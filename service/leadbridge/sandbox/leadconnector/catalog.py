"""What a LeadConnector location is set up with: its settings and its custom fields."""

import re
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from leadbridge.events import Json

DuplicatePriority: TypeAlias = Literal["email,phone", "phone,email"]
FieldType: TypeAlias = Literal[
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "RADIO",
    "DATE",
]  # spelt as the vendor spells them
OPTION_TYPES: Final = frozenset({"CHECKBOX", "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "RADIO"})


class LocationSettings(BaseModel):
    """What a location may have otherwise than the sandbox's options say; None follows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    country: str | None = None
    timezone: str | None = None
    allow_duplicates: bool | None = None
    duplicate_priority: DuplicatePriority | None = None
    active: bool | None = None
    company: str | None = None


class Workflow(BaseModel):
    """A workflow of the location; a draft takes contacts and does nothing with them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    name: str
    status: Literal["published", "draft"] = "published"


class ContactField(BaseModel):
    """A custom field of contacts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    name: str
    data_type: FieldType = "TEXT"
    options: tuple[str, ...] = ()
    key: str | None = Field(default=None, description="Without `contact.`; made from the name unless given.")

    @property
    def field_key(self) -> str:
        """The key as the API lists it; renaming a field does not change it."""
        return f"contact.{self.key or _key_of(self.name)}"

    def answer(self, *, location_id: str, position: int) -> dict[str, Json]:
        """The field as the API lists it."""
        listed: dict[str, Json] = {
            "id": self.id,
            "name": self.name,
            "model": "contact",
            "fieldKey": self.field_key,
            "placeholder": "",
            "dataType": self.data_type,
            "position": position,
            "documentType": "field",
            "locationId": location_id,
            "standard": False,
        }
        return listed | ({"picklistOptions": list(self.options)} if self.data_type in OPTION_TYPES else {})


def _key_of(name: str) -> str:
    # " - " becomes "__" (seen in recordings).
    return re.sub(r"[^a-z0-9_]", "", name.lower().replace("-", "").replace(" ", "_"))


FIELDS: Final = (
    ContactField(id="extId0Sandbox0Field1", name="External ID", data_type="TEXT"),
    ContactField(id="budget0Sandbox0Fld02", name="Budget", data_type="MONETORY"),
    ContactField(
        id="intrsts0Sandbox0Fld3",
        name="Interests",
        data_type="MULTIPLE_OPTIONS",
        options=("Buying", "Selling", "Renting", "Financing"),
    ),
    ContactField(
        id="plan0Sandbox0Field04",
        name="Plan",
        data_type="SINGLE_OPTIONS",
        options=("Starter", "Growth", "Enterprise"),
    ),
    ContactField(id="newsltr0Sandbox0Fld5", name="Newsletter", data_type="RADIO", options=("Yes", "No")),
    ContactField(id="moveInDt0Sandbox0Fd6", name="Move-in date", data_type="DATE"),
)
WORKFLOWS: Final = (
    Workflow(id="wrkflwNew0Sandbox001", name="New lead"),
    Workflow(id="wrkflwDrf0Sandbox002", name="Follow-up", status="draft"),
)
