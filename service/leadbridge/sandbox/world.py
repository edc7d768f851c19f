"""What both emulated CRMs share: the time, the options of the moment, and the making of ids."""

from dataclasses import dataclass, field

from leadbridge.clock import Clock
from leadbridge.sandbox.ids import Ids
from leadbridge.sandbox.options import SandboxOptions


@dataclass(slots=True)
class World:
    """The one mutable place for `options`, so that a change at run time is seen everywhere at once."""

    clock: Clock
    options: SandboxOptions
    ids: Ids = field(init=False)

    def __post_init__(self) -> None:
        self.ids = Ids(start=self.clock.now())

    def unix_seconds(self) -> int:
        """Wall time as Copper writes it."""
        return self.clock.now() // 1000

    def scaled(self, seconds: float) -> float:
        """`seconds` of the vendor's time in seconds of the sandbox's."""
        return seconds / self.options.time_scale
