"""What may stand in the configuration: every option with its type, its default and what it is for."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Literal, TypeAlias, get_args

import phonenumbers
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SerializeAsAny,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from leadbridge.crm.registry import CRMS
from leadbridge.crm.settings import DestinationSettings
from leadbridge.events import Json
from leadbridge.expressions import Template
from leadbridge.schemes import Scheme
from leadbridge.schemes.secrets import Secrets
from leadbridge.settings.addresses import Address, bare_url
from leadbridge.settings.ages import Age, Span
from leadbridge.settings.choices import chosen, chosen_model, missing, refusal, refuse_at
from leadbridge.settings.fetching import Fetching, fitting
from leadbridge.settings.route import Route
from leadbridge.settings.sizes import Size
from leadbridge.settings.unnamed import judged_alone
from leadbridge.sources.handshakes import HANDSHAKES
from leadbridge.sources.registry import PRESETS

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
DEFAULT_MAX_BODY: Final = 2 * 1024 * 1024  # bytes

SCHEMES: Final[Mapping[str, type[BaseModel]]] = {
    model.model_fields["scheme"].default: model for model in get_args(get_args(Scheme)[0])
}
MOST_IN_QUARANTINE: Final = 100_000  # requests of one source


def _region(value: str) -> str:
    code = value.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        hint = "did you mean `GB`?" if code == "UK" else "write two letters such as US, GB or DE (ISO 3166-1)"
        raise refusal("must be a country code", hint)
    return code


def _a_mapping(value: Json) -> Json:
    if value is None:
        raise refusal("has no value", "write its options, or leave it out")
    if not isinstance(value, Mapping):
        raise refusal("must be a mapping of options", "write `option: value`, a line for each under this one")
    return value


def _preset(value: Json) -> str:
    return chosen(value, PRESETS, what="preset")


def _scheme(value: Json, _one_of_all: ValidatorFunctionWrapHandler, info: ValidationInfo) -> BaseModel:
    """The verification: what `verify:` says, laid over what the preset brings.

    The one scheme that is named judges the options, so that nothing is said about the others.
    """
    preset = PRESETS.get(info.data.get("preset", ""))
    if value == "none" or preset is None:  # a preset that is not known is a problem of its own
        return judged_alone(value, SCHEMES)
    if value is None:
        raise missing(f"write {_what_to_write(preset.scheme)}, or `verify: none` for an unsigned sender")
    if not isinstance(value, Mapping):
        raise refusal("must be `none` or a mapping of options", f"write {_what_to_write(preset.scheme)}")
    if "scheme" not in value:
        if preset.scheme is None:
            choices = ", ".join(sorted(SCHEMES))
            refuse_at("scheme", missing(f"preset `{preset.name}` brings none; the choices: {choices}"))
        value = {**preset.scheme, **value}
    return chosen_model(value, SCHEMES, key="scheme")


def _handshake_kind(value: Json) -> str:
    return chosen(value, HANDSHAKES, what="handshake")


def _fetching(value: Json, info: ValidationInfo) -> Json:
    """The options as they are; refused for a preset whose sender leaves nothing out."""
    preset = PRESETS.get(info.data.get("preset", ""))
    if preset is not None and preset.fetch is None:
        raise refusal(f"nothing is fetched for the preset `{preset.name}`", "leave it out")
    return _a_mapping(value)


def _fitting(fetching: Fetching, info: ValidationInfo) -> Fetching:
    preset = PRESETS.get(info.data.get("preset", ""))
    return fetching if preset is None or preset.fetch is None else fitting(fetching, preset.fetch)


def _an_expression(template: Template) -> Template:
    if template.is_constant:
        raise refusal(
            "would make every submission a repetition of the first", 'write an expression: "{{ meta.submission_id }}"'
        )
    return template


def _what_to_write(brought: Mapping[str, object] | None) -> str:
    return '`verify: {secrets: ["${NAME}"]}`' if brought else '`verify: {scheme: token, secrets: ["${NAME}"]}`'


def _destination(value: Json, _base: ValidatorFunctionWrapHandler) -> DestinationSettings:
    models = {name: kind.settings for name, kind in CRMS.items()}
    return chosen_model(_a_mapping(value), models, key="crm")


Name: TypeAlias = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Region: TypeAlias = Annotated[str, AfterValidator(_region)]
Destination: TypeAlias = Annotated[SerializeAsAny[DestinationSettings], WrapValidator(_destination)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Defaults(_Options):
    """What holds where a source says nothing."""

    region: Region = Field(
        default="US", description="Country whose national phone numbers are read without a code, as ISO 3166-1 alpha-2."
    )
    retention: Age = Field(
        default="90d",
        validate_default=True,
        description="How long what is finished is kept: days (`90d`), weeks (`12w`), or `forever`. What waits or is "
        "held is never pruned, and a repetition of what was pruned is still a duplicate.",
    )


class Server(_Options):
    """How senders reach the service."""

    public_url: Annotated[AnyHttpUrl, AfterValidator(bare_url)] | None = Field(
        default=None,
        description="The address senders call, up to `/hooks`; some vendors sign the URL.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks of reverse proxies whose `X-Forwarded-Proto` and `X-Forwarded-For` are believed.",
    )
    admin_listen: Address | None = Field(
        default=None,
        description="Address and port where operators, and no senders, are answered: `/metrics`, `/healthz` and "
        "`/readyz`; nowhere unless it is given. It asks for no password: name `127.0.0.1:8081`, or an address in a "
        "network of your own.",
    )
    max_body: Size = Field(
        default=DEFAULT_MAX_BODY, description="Largest request body that is taken: bytes, or a size such as `2MiB`."
    )


class Handshaking(_Options):
    """What a vendor asks of the URL before it sends to it, beside what the preset knows."""

    kind: Annotated[str, PlainValidator(_handshake_kind), WithJsonSchema({"enum": sorted(HANDSHAKES)})] | None = Field(
        default=None,
        description="The vendor's kind of question, for senders that have no preset; a preset brings its own.",
    )
    token: Secrets | None = Field(
        default=None,
        description="The verify token that was typed in at the vendor (Meta), or several of them while it is changed.",
    )


class Source(_Options):
    """A configured sender; it posts to `/hooks/NAME`."""

    preset: Annotated[str, PlainValidator(_preset, json_schema_input_type=str)] = Field(
        description="What kind of sender it is: brings the body's shape, the signature scheme and the dedupe id."
    )
    verify: Annotated[Scheme, WrapValidator(_scheme)] = Field(
        default=None,
        validate_default=True,
        description="How the sender proves itself: options laid over the preset's own scheme, a `scheme` of one's own, "
        "or `none` for an unsigned sender.",
    )
    region: Region | None = Field(
        default=None, description="Country of this source's national phone numbers; `defaults.region` unless given."
    )
    dedupe: Annotated[Template, AfterValidator(_an_expression)] | None = Field(
        default=None,
        description="Expression over `fields`, `meta`, `raw` and `source` for the sender's own id of a submission, by "
        "which a repeated one is recognised; the preset's unless given.",
    )
    dedupe_window: Span | None = Field(
        default=None,
        description="For how long the same answers count as a repetition, where a submission has no id of the "
        "sender's: `10m`, at most `7d`, or `off`; the preset's unless given.",
    )
    quarantine: Annotated[int, Field(ge=1, le=MOST_IN_QUARANTINE)] | None = Field(
        default=None,
        description="How many requests that do not prove themselves are set aside, sealed, until `leadbridge reverify` "
        "looks at them again: so a secret that was wrong here loses no lead. Needs `LEADBRIDGE_SECRET_KEY`; off unless "
        "given.",
    )

    handshake: Annotated[Handshaking, BeforeValidator(_a_mapping)] | None = Field(
        default=None,
        description="What the vendor's check of the URL is answered by, where it needs more than the preset brings.",
    )
    fetch: Annotated[Fetching, BeforeValidator(_fetching), AfterValidator(_fitting)] | None = Field(
        default=None,
        description="With what the answers are fetched, where the vendor only announces a lead; without it a lead is "
        "what was announced.",
    )

    @property
    def verify_tokens(self) -> Secrets:
        """The verify tokens of the vendor's handshake."""
        return (self.handshake.token if self.handshake else None) or ()

    @property
    def scheme(self) -> Scheme:
        """How the sender proves itself, complete: what the preset brings and what `verify` says."""
        return self.verify


class Settings(_Options):
    """The whole file."""

    version: Literal[1] = Field(description="The format of this file: 1.")
    defaults: Annotated[Defaults, BeforeValidator(_a_mapping)] = Field(
        default=Defaults(), description="What holds where a source says nothing."
    )
    server: Annotated[Server, BeforeValidator(_a_mapping)] = Field(
        default=Server(), description="How senders reach the service."
    )
    sources: dict[Name, Source] = Field(
        min_length=1, description="Senders by name; the name is in the URL: `POST /hooks/NAME`."
    )
    destinations: dict[Name, Destination] = Field(default={}, description="CRM accounts by name.")
    routes: tuple[Route, ...] = Field(
        default=(), description="Which source goes to which destination, when, and how its fields map."
    )
