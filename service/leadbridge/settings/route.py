"""One route of the configuration: which source goes to which destination, when, and how its fields map."""

import difflib
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from leadbridge.expressions import Template
from leadbridge.plan import RecordKind
from leadbridge.settings.choices import refusal

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


class _OneOrMany:
    """One template or a list of them; errors of a list name the item, errors of a single one the key."""

    def __init__(self, *, keep_one: bool = False) -> None:
        self._keep_one = keep_one

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, read_list: Any) -> Any:
            if isinstance(value, list | tuple):
                return read_list(value)
            one = value if isinstance(value, Template) else Template.compile(value)
            return one if self._keep_one else (one,)

        return core_schema.no_info_wrap_validator_function(
            read,
            handler.generate_schema(tuple[Template, ...]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: value.source if isinstance(value, Template) else [each.source for each in value]
            ),
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: Any) -> dict[str, Any]:
        one = {"type": ["string", "number", "boolean"]}
        return {"anyOf": [one, {"type": "array", "items": one}]}


Templates: TypeAlias = Annotated[tuple[Template, ...], _OneOrMany()]
OneOrMany: TypeAlias = Annotated[Template | tuple[Template, ...], _OneOrMany(keep_one=True)]


def _as_list(value: Any) -> Any:
    if value in ([], ()):
        raise ValueError("must name at least one")
    return [value] if isinstance(value, str) else value


def _decides(when: Template) -> Template:
    if when.is_text or (when.is_constant and not isinstance(when.source, bool)):
        problem = "`when` must be exactly one `{{ expression }}`, or true or false"
        raise refusal(problem, "write it like \"{{ fields.interest == 'buying' }}\"")
    return when


class _Mapping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AddressMapping(_Mapping):
    """How the parts of the postal address are filled."""

    street: Template | None = Field(default=None, description="Street and number; several lines are one text.")
    city: Template | None = Field(default=None, description="City or town.")
    state: Template | None = Field(default=None, description="State, province or region.")
    postal_code: Template | None = Field(default=None, description="Postal code, as text.")
    country: Template | None = Field(default=None, description="Country, by code or by name in any common language.")


class UtmMapping(_Mapping):
    """How the campaign tags are filled."""

    source: Template | None = Field(default=None, description="`utm_source`: who sent the visitor.")
    medium: Template | None = Field(default=None, description="`utm_medium`: by what kind of link.")
    campaign: Template | None = Field(default=None, description="`utm_campaign`: the campaign's name.")
    term: Template | None = Field(default=None, description="`utm_term`: the search words paid for.")
    content: Template | None = Field(default=None, description="`utm_content`: which of several links.")


class LeadMapping(_Mapping):
    """How the keys of the lead are filled. What is not named here, or comes out absent, is left alone in the CRM."""

    name: Template | None = Field(default=None, description="Full name; made of the parts when left out.")
    first_name: Template | None = Field(default=None, description="Given name; read from `name` when left out.")
    last_name: Template | None = Field(default=None, description="Family name; read from `name` when left out.")
    middle_name: Template | None = Field(default=None, description="Middle names.")
    prefix: Template | None = Field(default=None, description="Title before the name (Dr., Ms.).")
    suffix: Template | None = Field(default=None, description="What follows the name (Jr., PhD).")
    email: Template | None = Field(default=None, description="Main e-mail address; lower-cased and checked.")
    emails: Templates | None = Field(default=None, description="All e-mail addresses, or one text that holds several.")
    phone: Template | None = Field(default=None, description="Main phone number; becomes E.164.")
    phones: Templates | None = Field(default=None, description="All phone numbers, or one text that holds several.")
    company: Template | None = Field(default=None, description="Company name.")
    title: Template | None = Field(default=None, description="Job title.")
    website: Template | None = Field(default=None, description="Main website.")
    websites: Templates | None = Field(default=None, description="All websites, or one text that holds several.")
    address: AddressMapping | None = Field(default=None, description="Postal address.")
    message: Template | None = Field(default=None, description="What the person wrote.")
    source: Template | None = Field(default=None, description="Where the lead comes from, as the CRM calls it.")
    tags: Templates | None = Field(default=None, description="Tags to add; the same as the route's `tags: {add}`.")
    owner: Template | None = Field(default=None, description="Who in the CRM it is assigned to.")
    status: Template | None = Field(default=None, description="The lead's status, as the CRM calls it.")
    value: Template | None = Field(default=None, description="Monetary value; a number.")
    date_of_birth: Template | None = Field(default=None, description="Date of birth; becomes ISO 8601.")
    gender: Template | None = Field(default=None, description="Gender, as the person gave it.")
    timezone: Template | None = Field(default=None, description="Time zone by its IANA name.")
    consent: Template | None = Field(default=None, description="What the person agreed to: yes, no, or the wording.")
    dnd: Template | None = Field(default=None, description="Whether the person must not be contacted.")
    utm: UtmMapping | None = Field(default=None, description="Campaign tags.")

    def gives(self, *keys: str) -> bool:
        """Whether any of these keys is mapped."""
        return any(getattr(self, key) is not None for key in keys)


class TagMapping(_Mapping):
    """What happens to the record's tags. A plain list means `add`."""

    add: Templates = Field(default=(), description="Tags to add; the others stay.")
    remove: Templates = Field(default=(), description="Tags to take away.")
    replace: Templates | None = Field(default=None, description="All tags the record is to have; the others go away.")

    @model_validator(mode="before")
    @classmethod
    def _plain_list_adds(cls, value: Any) -> Any:
        return {"add": value} if isinstance(value, str | list | tuple) else value

    @model_validator(mode="after")
    def _replace_stands_alone(self) -> "TagMapping":
        if self.replace is not None and (self.add or self.remove):
            raise ValueError("`replace` says all tags there are; leave out `add` and `remove`")
        return self


class Route(_Mapping):
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
    lead: LeadMapping = Field(default=LeadMapping(), description="How the lead's keys are filled.")
    custom_fields: dict[str, OneOrMany] = Field(
        default={}, description="The CRM's custom fields, by name; a list makes a list."
    )
    tags: TagMapping = Field(default=TagMapping(), description="Tags to add, remove or replace.")

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
        if not (self.lead.model_fields_set or self.custom_fields or tags):
            raise ValueError("the route maps nothing; give it `lead`, `custom_fields` or `tags`")
        if self.on_no_match_key == "hold" and not any(self._gives(key) for key in self.match):
            wanted = ", ".join(map(str, self.match))
            raise ValueError(
                f"every lead would be held: nothing here gives a match key ({wanted}); map one, choose another in "
                "`match`, or say `on_no_match_key: create`"
            )
        return self

    def _gives(self, key: MatchBy) -> bool:
        match key.by:
            case "email" | "phone":
                return self.lead.gives(key.by, f"{key.by}s")
            case "name":
                return self.lead.gives("name", "first_name", "last_name")
            case "custom":
                return key.field in self.custom_fields
