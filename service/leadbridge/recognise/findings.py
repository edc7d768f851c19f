"""What recognition finds in a submission."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadbridge.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An input field that was used. `target` is the lead's key (`email`, `address.city`); `sure` is from 0 to 1.

    `rule` says in words which evidence decided.
    """

    field: str
    target: str
    rule: str
    sure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """The lead that a submission's fields make, by the lead's keys, with the evidence for each.

    `other` has every field with a value that was not used, or not all of it, under its own name. `spam` is why the
    submission is spam: a trap for robots, which people do not see, was filled.
    """

    lead: Mapping[str, Any]
    used: tuple[Finding, ...]
    other: Mapping[str, Json]
    spam: str | None = None
