"""What the operator says of a Copper account."""

from typing import Annotated, Final, Literal

from pydantic import AnyHttpUrl, Field, SecretStr, StringConstraints, field_validator

from leadbridge.crm.settings import DestinationSettings

_RETIRED_HOST: Final = "api.prosperworks.com"

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class CopperSettings(DestinationSettings):
    """One Copper account."""

    crm: Literal["copper"]
    access_token: SecretStr = Field(
        description="API key; in Copper: Settings → Integrations → API Keys → Generate API key."
    )
    user_email: Annotated[Line, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] = Field(
        description="E-mail address of the Copper user who made the key; leads are written as that user."
    )
    account_id: Line | None = Field(
        default=None,
        description="Name of the account, for when several destinations reach one account through different users: "
        "those with the same `account_id` share its quota. The user's e-mail address unless given.",
    )

    @field_validator("access_token", mode="after")
    @classmethod
    def _strip_token(cls, token: SecretStr) -> SecretStr:
        bare = token.get_secret_value().strip()
        if not bare:
            raise ValueError("the access token must not be empty")
        if not (bare.isascii() and bare.isprintable()):
            raise ValueError("the access token holds characters that no HTTP header can carry; copy it again")
        return SecretStr(bare)

    @field_validator("base_url", mode="after")
    @classmethod
    def _refuse_retired_host(cls, url: AnyHttpUrl | None) -> AnyHttpUrl | None:
        """The old host was redirected "until early 2022": https://developer.copper.com/introduction/requests.html."""
        if url is not None and (url.host or "").lower() == _RETIRED_HOST:
            raise ValueError(
                f"{_RETIRED_HOST} is Copper's old host and no longer answers; leave `base_url` out, "
                "or write https://api.copper.com/developer_api/v1"
            )
        return url
