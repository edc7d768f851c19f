"""What the models of options have in common."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Options that are all known by name and never changed in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RateLimit(Options):
    """At most `limit` calls in any `window` seconds."""

    limit: int = Field(gt=0)
    window: float = Field(gt=0, description="seconds")
