"""The stage `map`: events become plans, by the routes of the configuration. No I/O."""

from leadbridge.mapping.filling import Filled
from leadbridge.mapping.stage import Filtered, Mapped, Planned, SourceContext, map_event

__all__ = ["Filled", "Filtered", "Mapped", "Planned", "SourceContext", "map_event"]
