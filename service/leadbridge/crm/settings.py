"""What every destination's settings share, whatever its CRM."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from leadbridge.crm.adapter import Quota

Share = Annotated[float, Field(gt=0, le=1)]


class QuotaShare(BaseModel):
    """A part of the official quota: other tools use the same account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Share = Field(description="Part of the CRM's official quota that leadbridge may use, above 0 and up to 1.")


class QuotaLimit(BaseModel):
    """A quota of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(gt=0, description="Calls allowed in one window.")
    window: float = Field(gt=0, description="The window's length in seconds.")


QuotaOption: TypeAlias = QuotaShare | QuotaLimit | Literal["off"]


class DestinationSettings(BaseModel):
    """One CRM account. Each CRM's own class adds its credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crm: str  # each CRM's class narrows it to its own name
    base_url: AnyHttpUrl | None = Field(
        default=None, description="The API's address; the official one unless given (a sandbox, a white label)."
    )
    quota: QuotaOption = Field(
        default=QuotaShare(share=1.0),
        description="`{share}` of the official quota, `{limit, window}` of one's own, or `off`.",
    )

    def quota_of(self, official: Quota) -> Quota | None:
        """The quota to keep to; None when it is off."""
        match self.quota:
            case QuotaShare(share=share):
                return Quota(limit=max(1, int(official.limit * share)), window=official.window)
            case QuotaLimit(limit=limit, window=window):
                return Quota(limit=limit, window=window)
            case _:
                return None
