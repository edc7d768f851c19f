"""What a loaded configuration means to the stages: its adapters, its lanes, what its routes write, its front door."""

from collections.abc import Mapping

from leadbridge.crm.adapter import Adapter
from leadbridge.crm.registry import CRMS
from leadbridge.inbound import Door
from leadbridge.plan import RecordKind
from leadbridge.settings.models import Settings
from leadbridge.settings.route import Route


def adapters(settings: Settings) -> Mapping[str, Adapter]:
    """The adapter of every destination, by its name."""
    return {name: CRMS[destination.crm].adapter(destination) for name, destination in settings.destinations.items()}


def lane_name(adapter: Adapter) -> str:
    """The identity of an account: the CRM, its host, and the account there."""
    host = adapter.base_url.partition("://")[2].partition("/")[0]
    return f"{adapter.crm}:{host}:{adapter.account}"


def record_of(route: Route, crm_adapters: Mapping[str, Adapter]) -> RecordKind:
    """What a route upserts: what it says, else its CRM's first kind."""
    return route.upsert or crm_adapters[route.to].records[0]


def door(settings: Settings) -> Door:
    """How senders reach the service."""
    url = settings.server.public_url
    return Door(public_url=str(url).rstrip("/") if url else None, max_body=settings.server.max_body)
