"""What the operator says of an Acme account."""

from typing import Literal

from pydantic import Field, SecretStr

from leadbridge.crm.settings import DestinationSettings


class AcmeSettings(DestinationSettings):
    """One Acme account."""

    crm: Literal["acme"]
    api_key: SecretStr = Field(description="API key; in Acme: Settings → API.")
    workspace: str = Field(default="main", description="The workspace that the key belongs to; its quota is counted.")
