"""What one Copper account is set up with, and the world it is in: what reading and answering its records depends on."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.options import CopperOptions
from leadbridge.sandbox.world import World


@dataclass(slots=True)
class Setup:
    """The one mutable place for an account's lists: `catalog` is replaced, never changed."""

    world: World
    catalog: Catalog = field(default_factory=Catalog)

    @property
    def options(self) -> CopperOptions:
        """Copper's switches as they are now."""
        return self.world.options.copper

    @property
    def zone(self) -> ZoneInfo:
        """Where the account's days begin."""
        return ZoneInfo(self.options.timezone)

    def email_form(self, email: str) -> str:
        """By what e-mail addresses are compared."""
        return email.strip() if self.options.email_case == "exact" else email_key(email)
