"""Every CRM that leadbridge knows, a line each; others come as installed packages, without a fork.

A package of one's own adds a CRM through an entry point of group `leadbridge.crm` that names a `CrmKind`:

    [project.entry-points."leadbridge.crm"]
    acme = "leadbridge_acme.crm:KIND"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final

from leadbridge.crm.adapter import Adapter
from leadbridge.crm.copper.adapter import Copper
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.crm.leadconnector.adapter import LeadConnector
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings
from leadbridge.crm.settings import DestinationSettings
from leadbridge.plugins import with_installed

GROUP: Final = "leadbridge.crm"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmKind:
    """One kind of CRM: what `crm:` says, its settings, and the adapter that is built from them."""

    name: str
    title: str
    settings: type[DestinationSettings]
    adapter: type[Adapter]


BUILT_IN: Final = (
    CrmKind(name="copper", title="Copper", settings=CopperSettings, adapter=Copper),
    CrmKind(name="leadconnector", title="LeadConnector", settings=LeadConnectorSettings, adapter=LeadConnector),
)

CRMS: Final[Mapping[str, CrmKind]] = with_installed(
    {kind.name: kind for kind in BUILT_IN}, entry_points(group=GROUP), kind=CrmKind
)
