"""One configured source, ready for work: what receiving and mapping both need to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from leadbridge.events import Event, Json, Parsed, Verified
from leadbridge.expressions import ABSENT, Context, ExpressionError, Template
from leadbridge.parse import parse
from leadbridge.schemes import Scheme
from leadbridge.settings.models import Settings
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import PRESETS
from leadbridge.store.arriving import bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A source with its preset, its proof and its own settings."""

    name: str
    preset: Preset
    scheme: Scheme
    region: str  # ISO 3166-1 alpha-2
    dedupe: Template | None

    def parse(self, verified: Verified) -> Parsed:
        """The events of a request; raises `Unparseable`."""
        return parse(self.preset, verified)

    def dedupe_key(self, event: Event) -> str | None:
        """The sender's id of a submission: what the source's `dedupe` makes of it, else what the preset found."""
        if self.dedupe is None:
            return None if event.dedupe_id is None else bounded(event.dedupe_id)
        source: Mapping[str, Json] = {"name": self.name, "region": self.region}
        try:
            key = self.dedupe.evaluate(Context.of(event, source=source, region=self.region))
        except ExpressionError:
            return None  # an id that cannot be made makes no submission a duplicate: better twice than lost
        return None if key in (ABSENT, None) else bounded(str(key))


def desks(settings: Settings) -> dict[str, Desk]:
    """Every source of a configuration."""
    return {
        name: Desk(
            name=name,
            preset=PRESETS[source.preset],
            scheme=source.scheme,
            region=source.region or settings.defaults.region,
            dedupe=source.dedupe,
        )
        for name, source in settings.sources.items()
    }
