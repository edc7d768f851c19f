"""What tells Copper's leads and people apart, as one declaration each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from leadbridge.crm.adapter import LeadKey
from leadbridge.crm.copper.keys import LEAD_KEYS, PERSON_KEYS
from leadbridge.plan import RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record."""

    name: Literal["lead", "person"]  # so also in a custom field's `available_on` and a note's `parent`
    several: str
    path: str
    keys: Mapping[str, LeadKey]
    match_keys: tuple[str, ...]

    @property
    def unnamed(self) -> str:
        """What a record is called of which nothing is known that could be its name."""
        return f"Unnamed {self.name}"

    def keys_for(self, attribute: str) -> tuple[str, ...]:
        """The keys of the lead that make this attribute."""
        return tuple(key for key, lead_key in self.keys.items() if lead_key.attribute == attribute)


LEAD: Final = Kind(name="lead", several="leads", path="/leads", keys=LEAD_KEYS, match_keys=("email", "name", "custom"))
PERSON: Final = Kind(
    name="person", several="people", path="/people", keys=PERSON_KEYS, match_keys=("email", "phone", "name", "custom")
)
KINDS: Final[Mapping[RecordKind, Kind]] = {"lead": LEAD, "person": PERSON}
