"""What an expression can see, and the evaluation that filters take part in."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leadbridge.events import Event, Json
from leadbridge.expressions.values import View, fields_viewed, viewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One submission as expressions see it: `fields`, `meta`, `raw`, `source`.

    `region` (ISO 3166-1 alpha-2) is the country whose national phone numbers and name order are meant.
    """

    names: Mapping[str, Any]
    region: str | None = None

    @classmethod
    def of(cls, event: Event, *, source: Mapping[str, Json], region: str | None = None) -> "Context":
        """The context of one event; `source` is what expressions may know of the sender (name, region)."""
        return cls(
            names={
                "fields": fields_viewed(event.fields),
                "meta": viewed(event.meta),
                "raw": viewed(event.raw),
                "source": viewed(source),
            },
            region=region,
        )

    def within(self, region: str | None) -> "Context":
        """The same submission, its national phone numbers read in another country."""
        return replace(self, region=region)


EMPTY = Context(names={name: View({}) for name in ("fields", "meta", "raw", "source")})


@dataclass(frozen=True, slots=True)
class Report:
    """A filter could not do its work on `got`, which is kept as it came."""

    problem: str
    got: Json


@dataclass(slots=True)
class Evaluation:
    """One evaluation under way: what filters know and what they report."""

    region: str | None = None
    reports: list[Report] = field(default_factory=list)
    result: Any = None


class _Current(threading.local):
    """The evaluation of this thread: the engine calls filters without a way to hand one over."""

    evaluation = Evaluation()


CURRENT = _Current()
