"""How the emulated vendors of forms behave, as far as that can be chosen."""

from typing import Literal

from pydantic import Field

from leadbridge.sandbox.rates import Options, RateLimit


class VendorOptions(Options):
    """A vendor's switches."""

    quota: RateLimit | None = Field(
        default=None, description="Calls with one token in a rolling window; null is no limit."
    )
    retry_after: bool = Field(
        default=False, description="Whether a refusal of the quota says in `Retry-After` how many seconds it needs."
    )

    @property
    def rates(self) -> tuple[RateLimit, ...]:
        """Every limit that there is."""
        return () if self.quota is None else (self.quota,)


class MetaOptions(VendorOptions):
    """Meta's switches. An app may make 200 calls an hour for each of its users, of whom there may be one."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=200, window=3600),
        description="Calls with one token in a rolling window; null is no limit.",
    )
    unauthorized_status: Literal[400, 401] = Field(
        default=400, description="The status of a refused token (`error.code` 190); both were seen."
    )
    rate_limit_status: Literal[400, 403, 429] = Field(
        default=403, description="The status of a spent quota (`error.code` 4), which the documents leave open."
    )


class LinkedInOptions(VendorOptions):
    """LinkedIn's switches; its limits are told to each app alone."""

    versions: tuple[str, ...] | None = Field(
        default=None, description="The versions that are active (`202510`), others are 426; null is every month's."
    )


class SurveyMonkeyOptions(VendorOptions):
    """SurveyMonkey's switches."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=120, window=60),
        description="Calls with one token in a rolling window; null is no limit.",
    )


class HubSpotOptions(VendorOptions):
    """HubSpot's switches."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=100, window=10),
        description="Calls with one token in a rolling window; null is no limit.",
    )


class KlaviyoOptions(VendorOptions):
    """Klaviyo's switches."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=700, window=60),
        description="Calls with one token in a rolling window; null is no limit.",
    )
    burst: RateLimit | None = Field(
        default=RateLimit(limit=75, window=1),
        description="Calls with one token in a shorter window, beside `quota`; null is no limit of their own.",
    )
    retry_after: bool = Field(
        default=True, description="Whether a refusal of the quota says in `Retry-After` how many seconds it needs."
    )

    @property
    def rates(self) -> tuple[RateLimit, ...]:
        """Every limit that there is."""
        return tuple(rate for rate in (self.quota, self.burst) if rate is not None)
