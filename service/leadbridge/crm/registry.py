"""Every CRM that leadbridge knows, a line each; others come as installed packages, without a fork.

A package of one's own adds a CRM through an entry point of group `leadbridge.crm` that names a `CrmKind`:

    [project.entry-points."leadbridge.crm"]
    mycrm = "my_package.mycrm:KIND"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from leadbridge.crm.adapter import Adapter
from leadbridge.crm.copper.adapter import Copper
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.crm.leadconnector.adapter import LeadConnector
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings
from leadbridge.crm.settings import DestinationSettings
from leadbridge.errors import ConfigError

ENTRY_POINTS: Final = "leadbridge.crm"


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


def with_installed(built_in: Iterable[CrmKind], installed: Iterable[EntryPoint]) -> Mapping[str, CrmKind]:
    """The built-in CRMs and those of installed packages, by name.

    Raises ConfigError, naming the package's entry point, when one cannot be loaded, is no `CrmKind`, or takes a name
    that is in use: a CRM that silently went missing would look like a mistake in the configuration.
    """
    kinds = {kind.name: kind for kind in built_in}
    for point in installed:
        try:
            kind = point.load()
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"the CRM plug-in `{point.name}` ({point.value}) cannot be loaded: {error}") from error
        if not isinstance(kind, CrmKind):
            raise ConfigError(f"the CRM plug-in `{point.name}` ({point.value}) is not a CrmKind")
        if kind.name in kinds:
            raise ConfigError(f"the CRM plug-in `{point.name}` ({point.value}) takes the name `{kind.name}`, in use")
        kinds[kind.name] = kind
    return MappingProxyType(kinds)


CRMS: Final[Mapping[str, CrmKind]] = with_installed(BUILT_IN, entry_points(group=ENTRY_POINTS))
