"""What the operator says of a LeadConnector location."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator

from leadbridge.crm.settings import DestinationSettings


class LeadConnectorSettings(DestinationSettings):
    """One location (sub-account) of LeadConnector, HighLevel or a white label of it."""

    crm: Literal["leadconnector"]
    location_id: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        description="The location's id: the part after `/location/` in the address of its dashboard."
    )
    token: SecretStr = Field(
        description="Private Integration token (`pit-…`); in the location: Settings → Private Integrations. "
        "Scopes: contacts.write, contacts.readonly, locations/customFields.readonly."
    )

    @field_validator("token", mode="after")
    @classmethod
    def _strip_token(cls, token: SecretStr) -> SecretStr:
        """A line end copied along with the token is a usual cause of "Invalid JWT"."""
        bare = token.get_secret_value().strip()
        if not bare:
            raise ValueError("the token must not be empty")
        if not (bare.isascii() and bare.isprintable()):
            raise ValueError("the token holds characters that no HTTP header can carry; copy it again")
        return SecretStr(bare)
