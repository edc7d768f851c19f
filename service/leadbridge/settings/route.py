"""One route of the configuration: which source goes to which destination, when, and how its fields map."""

import difflib
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from leadbridge.expressions import Template
from leadbridge.plan import RecordKind, WriteRule
from leadbridge.settings.choices import chosen, refusal
from leadbridge.settings.mapped import LeadMapping, Mapped, OneOrMany, TagMapping

# What a route with `recognise` can fill without a rule.
RECOGNISED: Final = frozenset(
    {
        "name", "first_name", "last_name", "middle_name", "email", "phone", "company", "title", "website", "address",
        "message", "utm", "consent",
    }
)  # fmt: skip
_MATCH_WORDS: Final = ("email", "phone", "name", "custom:NAME")


@dataclass(frozen=True, slots=True)
class MatchBy:
    """One way to find the record: `email`, `phone`, `name`, or a custom field by its name."""

    by: Literal["email", "phone", "name", "custom"]
    field: str | None = None

    @classmethod
    def parse(cls, text: object) -> "MatchBy":
        """From what the configuration says. Raises ValueError with a suggestion."""
        match text:
            case MatchBy():
                return text
            case "email" | "phone" | "name":
                return cls(text)
            case str() if text.startswith("custom:") and text.removeprefix("custom:").strip():
                return cls("custom", text.removeprefix("custom:").strip())
            case dict() | list():
                raise ValueError('must be text; for a custom field write "custom:NAME", in quotes')
        near = difflib.get_close_matches(str(text), _MATCH_WORDS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(_MATCH_WORDS)}"
        raise ValueError(f"unknown match key `{text}`; {hint}")

    def __str__(self) -> str:
        return f"custom:{self.field}" if self.by == "custom" else self.by

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: str(cls.parse(value)),
            core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema()),
            serialization=core_schema.to_string_ser_schema(),
        )


def _as_list(value: Any) -> Any:
    if value in ([], ()):
        raise ValueError("must name at least one")
    return [value] if isinstance(value, str) else value


def _a_rule(value: Any) -> str:
    return chosen(value, get_args(WriteRule), what="write rule")


def _decides(when: Template) -> Template:
    if when.is_text or (when.is_constant and not isinstance(when.source, bool)):
        problem = "`when` must be exactly one `{{ expression }}`, or true or false"
        raise refusal(problem, "write it like \"{{ fields.interest == 'buying' }}\"")
    return when


class Route(Mapped):
    """Which source goes to which destination, when, and how its fields map."""

    name: str = Field(
        default="", description="What the route is called everywhere; `FROM to TO` when left out.", max_length=200
    )
    from_: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(
        alias="from", description="The source, or a list of sources."
    )
    to: str = Field(min_length=1, description="The destination; a route has one, so write a route for each.")
    upsert: RecordKind | None = Field(
        default=None,
        description=(
            "The kind of record: `lead` or `person` in Copper, `contact` in LeadConnector; the first if left out."
        ),
    )
    match: Annotated[tuple[MatchBy, ...], BeforeValidator(_as_list)] = Field(
        default=(MatchBy("email"),),
        description="How the record is found: the first of `email`, `phone`, `name`, `custom:NAME` that the lead has.",
    )
    on_no_match_key: Literal["hold", "create"] = Field(
        default="hold", description="When the lead has none of the match keys: `hold` it for a person, or `create`."
    )
    on_many: Literal["hold", "oldest", "newest"] = Field(
        default="hold", description="When several records match: `hold` for a person, or update one of them."
    )
    when: Annotated[Template, AfterValidator(_decides)] | None = Field(
        default=None, description="Only submissions for which this expression is true; all of them unless given."
    )
    recognise: bool = Field(
        default=False,
        description=(
            "Fill what `lead` leaves out from the form's own fields, by their labels in many languages, their types "
            "and values; a submission that fills a trap for robots is ignored as spam."
        ),
    )
    lead: LeadMapping = Field(default=LeadMapping(), description="How the lead's keys are filled.")
    custom_fields: dict[str, OneOrMany] = Field(
        default={}, description="The CRM's custom fields, by name; a list makes a list."
    )
    tags: TagMapping = Field(default=TagMapping(), description="Tags to add, remove or replace.")
    write: dict[str, Annotated[WriteRule, BeforeValidator(_a_rule)]] = Field(
        default={},
        description=(
            "When a value is written, by the lead's key, `tags` or `custom:NAME`: `always` (one value, unless given), "
            "`merge` (lists, unless given: added to what is there), `if_empty`, `on_create` or `never`."
        ),
    )
    note: Template | None = Field(
        default=None,
        description=(
            "A note on the record, once for each submission: `true` for all that was submitted, or the note's text."
        ),
    )
    allow_duplicates: bool = Field(
        default=False,
        description="LeadConnector: make a new contact where its own rules would find one, if the location allows it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        match value:
            case {"from": str(source), "to": str(to)} if value.get("name") is None:
                return {**value, "name": f"{source} to {to}"}
            case {"from": [_, *_] as sources, "to": str(to)} if value.get("name") is None:
                return {**value, "name": f"{', '.join(map(str, sources))} to {to}"}
        return value

    @model_validator(mode="after")
    def _maps_something(self) -> "Route":
        tags = self.tags.add or self.tags.remove or self.tags.replace is not None
        if not (self.lead.model_fields_set or self.custom_fields or tags or self.recognise):
            raise ValueError("the route maps nothing; give it `lead`, `custom_fields` or `tags`")
        if self.on_no_match_key == "hold" and not any(self._gives(key) for key in self.match):
            wanted = ", ".join(map(str, self.match))
            raise ValueError(
                f"every lead would be held: nothing here gives a match key ({wanted}); map one, choose another in "
                "`match`, or say `on_no_match_key: create`"
            )
        return self

    def gives(self, *keys: str) -> bool:
        """Whether a rule fills any of these keys of the lead, or a form's field can."""
        return self.lead.gives(*keys) or (self.recognise and bool(RECOGNISED.intersection(keys)))

    def _gives(self, key: MatchBy) -> bool:
        match key.by:
            case "email" | "phone":
                return self.gives(key.by, f"{key.by}s")
            case "name":
                return self.gives("name", "first_name", "last_name")
            case "custom":
                return key.field in self.custom_fields
