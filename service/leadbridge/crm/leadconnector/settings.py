"""What the operator says of a LeadConnector location."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from leadbridge.crm.settings import DestinationSettings

# A line end copied along with a token is a usual cause of "Invalid JWT".
Identity = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]+$")]


def _bare(secret: SecretStr, what: str) -> SecretStr:
    bare = secret.get_secret_value().strip()
    if not bare:
        raise ValueError(f"{what} must not be empty")
    if not (bare.isascii() and bare.isprintable()):
        raise ValueError(f"{what} holds characters that no HTTP header can carry; copy it again")
    return SecretStr(bare)


class OAuthSettings(BaseModel):
    """The marketplace app whose access tokens are used in place of a Private Integration token."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    client_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
        description="The app's client id; in the marketplace: My Apps → the app → Advanced Settings → Auth."
    )
    client_secret: Annotated[SecretStr, AfterValidator(lambda secret: _bare(secret, "the client secret"))] = Field(
        description="The app's client secret, beside its client id; shown once."
    )
    refresh_token: Annotated[SecretStr, AfterValidator(lambda secret: _bare(secret, "the refresh token"))] | None = (
        Field(
            default=None,
            description="A first refresh token, where one is at hand; `leadbridge connect leadconnector` gets one "
            "otherwise. The ones that follow are kept in the database.",
        )
    )
    company_id: Identity | None = Field(
        default=None,
        description="The agency's id, when the agency installed the app: the location's tokens come from the agency's.",
    )


class LeadConnectorSettings(DestinationSettings):
    """One location (sub-account) of LeadConnector, HighLevel or a white label of it."""

    crm: Literal["leadconnector"]
    location_id: Identity = Field(
        description="The location's id: the part after `/location/` in the address of its dashboard."
    )
    # Before `token`, which may be left out only beside it.
    oauth: OAuthSettings | None = Field(
        default=None,
        description="The keys of a marketplace app, in place of `token`: its access tokens are renewed by themselves. "
        "The same scopes; with `company_id` also oauth.write.",
    )
    token: Annotated[SecretStr, AfterValidator(lambda secret: _bare(secret, "the token"))] | None = Field(
        default=None,
        validate_default=True,
        description="Private Integration token (`pit-…`), unless there is `oauth`; in the location: Settings → Private "
        "Integrations. Scopes: contacts.write, contacts.readonly, locations/customFields.readonly.",
    )

    @field_validator("token", mode="after")
    @classmethod
    def _one_kind_of_credentials(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if token is None and info.data.get("oauth", ...) is None:
            raise PydanticCustomError("missing", "is missing")
        if token is not None and info.data.get("oauth") is not None:
            raise ValueError("is one kind of credentials, and `oauth` another; leave out one of them")
        return token
