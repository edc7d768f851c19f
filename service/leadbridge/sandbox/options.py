"""How the sandbox behaves, as far as that can be chosen. What the vendors leave undocumented is a named switch."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from leadbridge.events import Json
from leadbridge.sandbox.emulator import VendorName
from leadbridge.sandbox.leadconnector.catalog import DuplicatePriority
from leadbridge.sandbox.rates import Options, RateLimit
from leadbridge.sandbox.seeds import Seed
from leadbridge.sandbox.vendor_options import (
    HubSpotOptions,
    KlaviyoOptions,
    LinkedInOptions,
    MetaOptions,
    SurveyMonkeyOptions,
    VendorOptions,
)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone is named {name!r}") from None
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]


# Where a refusal names records: in its message, or in a list under a key of its own.
IdsPlace: TypeAlias = Literal["message", "ids", "lead_ids", "matches"]
# What a refusal's body is: Copper's usual `success`, `status` and `message`; only `error`; plain text; a page; nothing.
ErrorBody: TypeAlias = Literal["message", "error", "text", "html", "empty"]


class CopperOptions(Options):
    """Copper's switches."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=180, window=60),
        description="Calls of one account in a rolling window; null is no limit.",
    )
    bulk_quota: RateLimit | None = Field(
        default=RateLimit(limit=3, window=1),
        description="Bulk calls of one account in a rolling window, beside `quota`; null is no limit of their own.",
    )
    ambiguous_ids: IdsPlace = Field(
        default="message",
        description="Where an upsert that matches 2 to 30 leads names them: in its message, or in a list of that key.",
    )
    matches_converted: bool = Field(
        default=False, description="Whether an upsert also finds, and then updates, leads that were converted."
    )
    writes_custom_match: bool = Field(
        default=False, description="Whether an upsert that creates also stores the custom value it matched by."
    )
    email_case: Literal["ignore", "exact"] = Field(
        default="ignore",
        description="Whether upserts, searches and people's uniqueness heed the case of an e-mail's letters.",
    )
    date_echo: Literal["epoch", "text"] = Field(
        default="epoch", description="How a Date custom field is answered: Unix seconds, or mm/dd/yyyy."
    )
    dates_taken: Literal["both", "text", "epoch"] = Field(
        default="both",
        description="How a Date custom field may be written: as mm/dd/yyyy (text), Unix seconds (epoch), or both.",
    )
    person_email_taken: str = Field(
        default="Emails: {email} has already been taken",
        min_length=1,
        description="What the 422 says of an e-mail that another person has; `{email}` stands for the address.",
    )
    person_company: Literal["ignore", "refuse"] = Field(
        default="ignore",
        description="What becomes of another `company_id` in an update of a person, which Copper takes elsewhere.",
    )
    fetch_by_email: Literal["works", "misses"] = Field(
        default="works",
        description="Whether /people/fetch_by_email finds anybody; it was reported to answer 404 to all.",
    )
    unauthorized_body: ErrorBody = Field(
        default="message", description="The body of a 401: Copper's usual error, `error` alone, text, a page, or none."
    )
    rate_limit_body: ErrorBody = Field(
        default="text", description="The body of a 429: Copper's usual error, `error` alone, text, a page, or none."
    )
    search_lag: float = Field(
        default=10.0, ge=0, description="Seconds until a search shows a write; upserts and fetches see it at once."
    )
    timezone: TimeZoneName = Field(default="America/Los_Angeles", description="Where an account's days begin.")


class LeadConnectorOptions(Options):
    """LeadConnector's switches. A location's seed may set its own for the last seven."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=100, window=10),
        description="Calls of one location in a rolling window; null is no limit.",
    )
    daily: int | None = Field(default=200_000, gt=0, description="Calls of one location in a day; null is no limit.")
    rate_limit_body: Literal["json", "text", "empty"] = Field(
        default="json", description="The body of a 429: LeadConnector's usual error, plain text, or none."
    )
    retry_after: bool = Field(
        default=False, description="Whether a 429 says in `Retry-After` how many seconds the refused quota needs."
    )
    access_token_life: float = Field(
        default=86_399, gt=0, description="Seconds for which an OAuth access token is good (`expires_in`)."
    )
    refresh_token_life: float = Field(
        default=31_536_000, gt=0, description="Seconds for which a refresh token is good while nobody uses it."
    )
    refresh_grace: float = Field(
        default=30.0, ge=0, description="Seconds in which a refresh token that was used gets the same answer again."
    )
    unknown_tokens: Literal["accept", "refuse"] = Field(
        default="accept",
        description="What becomes of tokens, apps, codes and refresh tokens that no seed names and the sandbox did not "
        "issue: a token reaches every location, and `first:LOC1` is a code or refresh token for LOC1; or 401 and 400.",
    )
    search_lag: float = Field(
        default=3.0,
        ge=0,
        description="Seconds until `POST /contacts/search` shows a write; other calls see it at once.",
    )
    unknown_custom_field: Literal["drop", "refuse"] = Field(
        default="drop", description="What becomes of a custom field nobody knows, or of a value its field cannot hold."
    )
    bad_phone: Literal["refuse", "drop"] = Field(
        default="refuse", description="What becomes of a phone that is not E.164 once spaces and dashes are gone."
    )
    bad_country: Literal["refuse", "drop"] = Field(
        default="refuse", description="What becomes of a country that is none of LeadConnector's two-letter codes."
    )
    country_refusal: str = Field(
        default="country must be a valid enum value",
        min_length=1,
        description="What the 422 says of such a country; seen for locations, not for contacts.",
    )
    bad_date: Literal["refuse", "drop"] = Field(
        default="refuse", description="What becomes of a date of birth in none of the eight formats."
    )
    invalid_message: Literal["list", "text"] = Field(
        default="list",
        description="Whether a 422 names its problems in a list, as documented, or in one text, as seen.",
    )
    duplicate_field: Literal["identifier", "contactId"] = Field(
        default="identifier",
        description="What `matchingField` of a duplicate search says: email or phone, or `contactId` as was recorded.",
    )
    tags_status: Literal[200, 201] = Field(default=201, description="The status of a good `POST /contacts/{id}/tags`.")
    duplicate_priority: DuplicatePriority = Field(
        default="email,phone", description="Which identifier decides when e-mail and phone belong to two contacts."
    )
    allow_duplicates: bool = Field(default=False, description="Whether two contacts may share an e-mail or phone.")
    country: str = Field(default="US", description="The location's country, filled in where a new contact gives none.")
    timezone: TimeZoneName = Field(default="America/Chicago", description="The location's time zone.")
    name: str = Field(default="Sandbox location", description="The location's name.")
    active: bool = Field(
        default=True, description="Whether the location is active; one that is not gets no new tokens (400)."
    )
    company: str = Field(
        default="sandbox0Sandbox0Comp", min_length=1, description="The id of the agency that the location belongs to."
    )


class SandboxOptions(Options):
    """Everything that can be chosen about the sandbox."""

    quotas: bool = Field(default=True, description="Whether quotas are kept at all.")
    time_scale: float = Field(
        default=1.0, gt=0, description="How many times shorter quota windows, the quota's day and the search lag are."
    )
    history: int = Field(default=10_000, gt=0, description="How many calls the history remembers.")
    history_bodies: int = Field(
        default=200,
        ge=0,
        le=10_000,
        description="How many of the last calls it remembers with what was sent and answered.",
    )
    copper: CopperOptions = CopperOptions()
    leadconnector: LeadConnectorOptions = LeadConnectorOptions()
    meta: MetaOptions = MetaOptions()
    linkedin: LinkedInOptions = LinkedInOptions()
    surveymonkey: SurveyMonkeyOptions = SurveyMonkeyOptions()
    hubspot: HubSpotOptions = HubSpotOptions()
    klaviyo: KlaviyoOptions = KlaviyoOptions()
    seeds: tuple[Seed, ...] = Field(default=(), description="What the accounts hold at the start and after a reset.")

    def of_vendor(self, name: VendorName) -> VendorOptions:
        """The switches of the vendor of that name."""
        options: VendorOptions = getattr(self, name)
        return options

    def merged(self, changes: Mapping[str, Json]) -> "SandboxOptions":
        """These options with `changes` laid over them, one CRM's or vendor's options key by key.

        Raises pydantic's `ValidationError` for a key or value that does not exist.
        """
        merged = self.model_dump()
        for key, value in changes.items():
            known = merged.get(key)
            merged[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, Mapping) else value
        return SandboxOptions.model_validate(merged)
