"""The sandbox: both emulated CRMs and their control in one ASGI application."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount

from leadbridge.clock import Clock
from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox.control import Control
from leadbridge.sandbox.copper.api import Copper
from leadbridge.sandbox.copper.problems import Invalid as InvalidLead
from leadbridge.sandbox.emulator import Emulator
from leadbridge.sandbox.faults import FaultBook
from leadbridge.sandbox.gateway import Gateway
from leadbridge.sandbox.history import History
from leadbridge.sandbox.leadconnector.api import LeadConnector
from leadbridge.sandbox.leadconnector.problems import Invalid as InvalidContact
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.quota import CopperQuota, LeadConnectorQuota, Quota
from leadbridge.sandbox.seeds import CopperSeed, Seed
from leadbridge.sandbox.world import World

COPPER_PATH = "/copper/developer_api/v1"
LEADCONNECTOR_PATH = "/leadconnector"


class Sandbox:
    """An emulated Copper under `/copper/developer_api/v1`, an emulated LeadConnector under `/leadconnector`.

    Nothing is kept on disk. Everything that `/sandbox/...` does over HTTP is a method here. Raises `RequestRefused`
    when a seed in the options cannot be taken.
    """

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.faults = FaultBook()
        self.history = History(options.history)
        self._at_start = options
        self._world = World(clock=clock, options=options)
        self._copper = Copper(self._world)
        self._leadconnector = LeadConnector(self._world)
        self._copper_quota = CopperQuota(self._world)
        self._leadconnector_quota = LeadConnectorQuota(self._world)
        self.app = Starlette(
            routes=[
                Mount(COPPER_PATH, app=self._gateway(self._copper, self._copper_quota)),
                Mount(LEADCONNECTOR_PATH, app=self._gateway(self._leadconnector, self._leadconnector_quota)),
                Mount("/sandbox", routes=Control(self).routes()),
            ]
        )
        self._plant(options)

    @property
    def options(self) -> SandboxOptions:
        """The options of the moment."""
        return self._world.options

    def change_options(self, changes: Mapping[str, Json]) -> None:
        """Lay `changes` over the options, from the next call on. Seeds among them are planted at the next reset.

        Raises pydantic's `ValidationError`, and changes nothing, for an option or value that does not exist.
        """
        self._world.options = self.options.merged(changes)
        self.history.resize(self.options.history)

    def seed(self, seed: Seed) -> list[str]:
        """Put records beforehand, outside every quota; answers their ids.

        Raises `RequestRefused`, and keeps nothing, when a record is not as the CRM takes it.
        """
        try:
            return self._copper.seed(seed) if isinstance(seed, CopperSeed) else self._leadconnector.seed(seed)
        except (InvalidLead, InvalidContact) as invalid:
            raise RequestRefused(f"A record cannot be kept: {invalid}") from invalid

    def state(self, crm: str | None = None) -> dict[str, Json]:
        """Every record per CRM and account, as the API answers it."""
        emulators = (self._copper, self._leadconnector)
        return {emulator.crm: emulator.state() for emulator in emulators if crm in (None, emulator.crm)}

    def reset(self) -> None:
        """As at the start: its options and seeds, no faults, no history, every quota unused."""
        self._world.options = self._at_start
        self.faults.clear()
        self.history.resize(self._at_start.history)
        self.history.clear()
        self._copper.reset()
        self._leadconnector.reset()
        self._copper_quota.reset()
        self._leadconnector_quota.reset()
        self._plant(self._at_start)

    def _plant(self, options: SandboxOptions) -> None:
        for seed in options.seeds:
            self.seed(seed)

    def _gateway(self, emulator: Emulator, quota: Quota) -> Gateway:
        return Gateway(emulator, quota=quota, world=self._world, faults=self.faults, history=self.history)
