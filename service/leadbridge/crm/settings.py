"""What every destination's settings share, whatever its CRM."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from leadbridge.crm.adapter import Quota

Share = Annotated[float, Field(gt=0, le=1)]


class QuotaShare(BaseModel):
    """A part of the official quota: other tools use the same account."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    share: Share = Field(description="Part of the CRM's official quota that leadbridge may use, above 0 and up to 1.")


class QuotaLimit(BaseModel):
    """A quota of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    limit: int = Field(gt=0, description="Calls allowed in one window.")
    window: float = Field(gt=0, description="The window's length in seconds.")
    daily: int | None = Field(default=None, gt=0, description="Calls allowed in 24 hours, where those are counted too.")


QuotaOption: TypeAlias = QuotaShare | QuotaLimit | Literal["off"]


class DestinationSettings(BaseModel):
    """One CRM account. Each CRM's own class adds its credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    crm: str  # each CRM's class narrows it to its own name
    base_url: AnyHttpUrl | None = Field(
        default=None, description="The API's address; the official one unless given (a sandbox, a white label)."
    )
    quota: QuotaOption = Field(
        default=QuotaShare(share=1.0),
        description="`{share}` of the official quota, `{limit, window, daily}` of one's own, or `off`.",
    )

    def quota_of(self, official: Quota) -> Quota | None:
        """The quota to keep to; None when it is off."""
        match self.quota:
            case QuotaShare(share=share):
                daily = None if official.daily is None else max(1, int(official.daily * share))
                return Quota(limit=max(1, int(official.limit * share)), window=official.window, daily=daily)
            case QuotaLimit(limit=limit, window=window, daily=daily):
                return Quota(limit=limit, window=window, daily=daily)
            case _:
                return None
