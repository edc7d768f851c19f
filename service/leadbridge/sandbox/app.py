"""The sandbox: the emulated CRMs and vendors, and their control, in one ASGI application."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from leadbridge.clock import Clock
from leadbridge.events import Json
from leadbridge.sandbox.control import Control
from leadbridge.sandbox.copper.api import Copper
from leadbridge.sandbox.copper.problems import Invalid as InvalidLead
from leadbridge.sandbox.emulator import CrmName, Emulated, Emulator
from leadbridge.sandbox.faultbook import FaultBook
from leadbridge.sandbox.gateway import Gateway
from leadbridge.sandbox.history import History
from leadbridge.sandbox.leadconnector.api import LeadConnector
from leadbridge.sandbox.leadconnector.problems import Invalid as InvalidContact
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.quota import CopperQuota, LeadConnectorQuota, Quota, Use
from leadbridge.sandbox.refusals import ControlRefused, Problem, refused
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed, Seed
from leadbridge.sandbox.vendors.quota import VendorQuota
from leadbridge.sandbox.vendors.shelf import Shelf
from leadbridge.sandbox.world import World

COPPER_PATH = "/copper/developer_api/v1"
LEADCONNECTOR_PATH = "/leadconnector"
VENDORS_PATH = "/vendors"  # and below it each by the name of its preset
AnySeed = TypeVar("AnySeed", CopperSeed, LeadConnectorSeed)


class Sandbox:
    """An emulated Copper under `/copper/developer_api/v1`, an emulated LeadConnector under `/leadconnector`.

    Under `/vendors/meta` and the like are vendors that only announce a lead, with the leads of the presets' samples.

    Nothing is kept on disk. Everything that `/sandbox/...` does over HTTP is a method here. Raises `RequestRefused`
    when a seed in the options cannot be taken.
    """

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.faults = FaultBook()
        self.history = History(options.history, bodies=options.history_bodies)
        self._at_start = options
        self._world = World(clock=clock, options=options)
        self._copper = Copper(self._world)
        self._leadconnector = LeadConnector(self._world)
        self._copper_quota = CopperQuota(self._world)
        self._leadconnector_quota = LeadConnectorQuota(self._world)
        self._shelf = Shelf(self._world)
        self._vendor_quotas = {api.vendor: VendorQuota(api.known, self._world) for api in self._shelf.apis}
        self.app = Starlette(
            routes=[
                Mount(COPPER_PATH, app=self._gateway(self._copper, self._copper_quota)),
                Mount(LEADCONNECTOR_PATH, app=self._gateway(self._leadconnector, self._leadconnector_quota)),
                *(
                    Mount(f"{VENDORS_PATH}/{api.vendor}", app=self._gateway(api, self._vendor_quotas[api.vendor]))
                    for api in self._shelf.apis
                ),
                Mount("/sandbox", routes=Control(self).routes()),
                Route("/", _to_page, methods=["GET"]),
            ]
        )
        self._plant(options)

    @property
    def options(self) -> SandboxOptions:
        """The options of the moment."""
        return self._world.options

    def change_options(self, changes: Mapping[str, Json]) -> None:
        """Lay `changes` over the options, from the next call on.

        Raises pydantic's `ValidationError`, and changes nothing, for an option or value that does not exist, and
        `RequestRefused` for seeds: those of the options are planted at the start.
        """
        if "seeds" in changes:
            raise refused("cannot be changed later", path="seeds", hint="POST them to /sandbox/seed, one by one")
        self._world.options = self.options.merged(changes)
        self.history.resize(self.options.history, bodies=self.options.history_bodies)

    def seed(self, seed: Seed) -> list[str]:
        """Put records beforehand, outside every quota; answers their ids.

        Raises `RequestRefused`, and keeps nothing, when a record is not as the CRM takes it.
        """
        try:
            return self._copper.seed(seed) if isinstance(seed, CopperSeed) else self._leadconnector.seed(seed)
        except (InvalidLead, InvalidContact) as invalid:
            raise ControlRefused(self._wrong_records(seed) or [Problem(path="", problem=str(invalid))]) from invalid

    def emulator(self, crm: CrmName) -> Emulator:
        """The emulated CRM of that name."""
        return self._copper if crm == "copper" else self._leadconnector

    def state(self, crm: str | None = None, *, account: str | None = None) -> dict[str, Json]:
        """Every record per CRM and account, as the API answers it; of one CRM or account when it is given."""
        emulators: tuple[Emulator, ...] = (self._copper, self._leadconnector)
        return {
            emulator.crm: {name: kept for name, kept in emulator.state().items() if account in (None, name)}
            for emulator in emulators
            if crm in (None, emulator.crm)
        }

    def documents(self, vendor: str | None = None) -> dict[str, Json]:
        """What the vendors answer: `{vendor: {kind: {id: document}}}`; of one vendor when it is given."""
        return self._shelf.documents(vendor)

    def put_documents(self, changes: Json) -> None:
        """Lay documents over those of the vendors, in the form of `documents`; null takes one away.

        Raises `ControlRefused`, a `RequestRefused` with every problem, and changes nothing, when one cannot be kept.
        """
        self._shelf.put(changes)

    def quotas(self) -> dict[str, Json]:
        """How full each account's quotas are, per CRM and vendor: `{account: [{"window", "limit", "used"}]}`.

        A vendor's account is the token; vendors that were not asked are left out.
        """
        quotas: dict[str, Quota] = {"copper": self._copper_quota, "leadconnector": self._leadconnector_quota}
        quotas.update({name: quota for name, quota in self._vendor_quotas.items() if quota.uses()})
        return {name: _by_account(quota.uses()) for name, quota in quotas.items()}

    def reset(self) -> None:
        """As at the start: its options and seeds, no faults, no history, every quota unused."""
        self._world.options = self._at_start
        self.faults.clear()
        self.history.resize(self._at_start.history, bodies=self._at_start.history_bodies)
        self.history.clear()
        self._copper.reset()
        self._leadconnector.reset()
        self._copper_quota.reset()
        self._leadconnector_quota.reset()
        self._shelf.reset()
        for quota in self._vendor_quotas.values():
            quota.reset()
        self._plant(self._at_start)

    def _wrong_records(self, seed: Seed) -> list[Problem]:
        """Every record of a seed that cannot be kept, each tried alone on a copy of the CRM."""
        shared = {id(self._world): self._world}
        if isinstance(seed, CopperSeed):
            return _wrong_alone(seed, deepcopy(self._copper, shared).seed)
        return _wrong_alone(seed, deepcopy(self._leadconnector, shared).seed)

    def _plant(self, options: SandboxOptions) -> None:
        for seed in options.seeds:
            self.seed(seed)

    def _gateway(self, emulator: Emulated, quota: Quota) -> Gateway:
        return Gateway(emulator, quota=quota, world=self._world, faults=self.faults, history=self.history)


def _wrong_alone(seed: AnySeed, plant: Callable[[AnySeed], object]) -> list[Problem]:
    problems: list[Problem] = []
    kinds = {name: value for name, value in seed if _are_records(value)}
    bare = seed.model_copy(update=dict.fromkeys(kinds, ()))
    for kind, records in kinds.items():
        for place, record in enumerate(records):
            try:
                plant(bare.model_copy(update={kind: (record,)}))
            except (InvalidLead, InvalidContact) as invalid:
                said = "; ".join(str(invalid).splitlines())
                problems.append(Problem(path=f"{kind}[{place}]", problem=f"cannot be kept: {said}"))
    return problems


def _are_records(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(one, dict) for one in value)


def _by_account(uses: Iterable[Use]) -> dict[str, Json]:
    listed: dict[str, Json] = {}
    for use in uses:
        listed.setdefault(use.account, []).append({"window": use.window, "limit": use.limit, "used": use.used})
    return listed


async def _to_page(_: Request) -> Response:
    return RedirectResponse("/sandbox/")
