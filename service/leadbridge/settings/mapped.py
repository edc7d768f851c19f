"""What fills the lead of a route: the templates of its keys and tags."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from leadbridge.expressions import Template


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


class Mapped(BaseModel):
    """Options that are strict and do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AddressMapping(Mapped):
    """How the parts of the postal address are filled."""

    street: Template | None = Field(default=None, description="Street and number; several lines are one text.")
    city: Template | None = Field(default=None, description="City or town.")
    state: Template | None = Field(default=None, description="State, province or region.")
    postal_code: Template | None = Field(default=None, description="Postal code, as text.")
    country: Template | None = Field(default=None, description="Country, by code or by name in any common language.")


class UtmMapping(Mapped):
    """How the campaign tags are filled."""

    source: Template | None = Field(default=None, description="`utm_source`: who sent the visitor.")
    medium: Template | None = Field(default=None, description="`utm_medium`: by what kind of link.")
    campaign: Template | None = Field(default=None, description="`utm_campaign`: the campaign's name.")
    term: Template | None = Field(default=None, description="`utm_term`: the search words paid for.")
    content: Template | None = Field(default=None, description="`utm_content`: which of several links.")


class LeadMapping(Mapped):
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


class TagMapping(Mapped):
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
