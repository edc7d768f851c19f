"""What mapping made of a submission for one destination: the value between `map` and `deliver`, stored as JSON."""

from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.lead import Lead, Personal

RecordKind: TypeAlias = Literal["lead", "person", "contact"]
ADD_NOTE: Final = (
    "add note"  # the purpose of the call that adds a plan's note: never made twice, not by a replay either
)
WriteRule: TypeAlias = Literal["always", "merge", "if_empty", "on_create", "never"]

LONGEST_NOTE: Final = 5_000  # characters of a note's text


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


class Progress(BaseModel):
    """What earlier tries of a delivery found out and a later one cannot: on disk before the next call is sent.

    `created` is the verdict of the first write (the next one finds the record there). `done` are the purposes of calls
    that must not be made again. `unsure` are those of calls that may have been done, with the time of the send: whoever
    makes such a call looks first. Calls that are safe to repeat are among them where it matters if the record is new.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_id: str | None = None
    created: bool | None = None
    done: tuple[str, ...] = ()
    unsure: dict[str, Millis] = Field(default_factory=dict)


UNTOUCHED: Final = Progress()  # a plan shares it: a default that holds a dict would be copied for each


class Choice(BaseModel):
    """What a person decided about a held delivery: the record to update, or that a new one is to be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: str | None = None  # the record's id
    create: bool = False


class Plan(BaseModel):
    """One lead for one destination, complete: the adapter needs nothing else to make its calls.

    `match` is None when the lead has none of the route's keys and `on_no_match_key` is `create`. `write` has the rules
    that differ from the usual ones (`always` for one value, `merge` for lists), by the lead's key, `tags` or
    `custom:NAME`. `note` is the text of a note that the record gets once. The engine fills in `choice` and `progress`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record: RecordKind
    lead: Lead
    match: MatchKey | None
    on_many: Literal["hold", "oldest", "newest"] = "hold"
    custom_fields: Personal[dict[str, Json]] = Field(default_factory=dict)  # by the name the config uses
    tags: TagChange = TagChange()
    warnings: tuple[FieldWarning, ...] = ()
    write: dict[str, WriteRule] = Field(default_factory=dict)
    note: Personal[str | None] = None
    recognised: tuple[str, ...] = ()  # the lead's keys that the form's own fields filled without a rule
    allow_duplicates: bool = False  # LeadConnector: a second contact where its rules would have found one
    choice: Choice | None = None
    progress: Progress = Field(default_factory=lambda: UNTOUCHED)

    @property
    def asks_whether_new(self) -> bool:
        """Whether something is written to a new record alone."""
        return "on_create" in self.write.values()

    def holds(self, field: str) -> bool:
        """Whether the plan writes something for a field of a warning, perhaps as it came: `phone`, `address.city`."""
        head, _, rest = field.partition(".")
        if head == "custom_fields":
            return rest in self.custom_fields
        if head == "tags":
            return bool(self.tags.add or self.tags.replace or self.lead.tags)
        value = getattr(self.lead, head, None)
        return bool(getattr(value, rest, None) if rest else value)
