"""What mapping made of a submission for one destination: the value between `map` and `deliver`, stored as JSON."""

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from leadbridge.events import Json
from leadbridge.lead import Lead, Personal

RecordKind: TypeAlias = Literal["lead", "person", "contact"]


class MatchKey(BaseModel):
    """By what the CRM finds the record: the first of the route's `match` keys that the lead has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["email", "phone", "name", "custom"]
    value: Personal[str | int | float]
    field: str | None = None  # the custom field's name, for `custom`


class TagChange(BaseModel):
    """What happens to the record's tags; `add` never removes one that someone else set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[str, ...] | None = None


class FieldWarning(BaseModel):
    """Something about one field that a person should know; the delivery goes on without harm to the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    problem: str
    got: Personal[Json] = None


class Plan(BaseModel):
    """One lead for one destination, complete: the adapter needs nothing else to make its calls.

    `match` is None when the lead has none of the route's keys and `on_no_match_key` is `create`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record: RecordKind
    lead: Lead
    match: MatchKey | None
    on_many: Literal["hold", "oldest", "newest"] = "hold"
    custom_fields: Personal[dict[str, Json]] = {}  # by the name the config uses
    tags: TagChange = TagChange()
    warnings: tuple[FieldWarning, ...] = ()

    def holds(self, field: str) -> bool:
        """Whether the plan writes something for a field of a warning, perhaps as it came: `phone`, `address.city`."""
        head, _, rest = field.partition(".")
        if head == "custom_fields":
            return rest in self.custom_fields
        if head == "tags":
            return bool(self.tags.add or self.tags.replace or self.lead.tags)
        value = getattr(self.lead, head, None)
        return bool(getattr(value, rest, None) if rest else value)
