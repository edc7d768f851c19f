"""The routes, destinations and sources that options name: of the configuration, or of what is stored; else a slip."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from leadbridge.errors import UsageError
from leadbridge.settings.choices import advice, near
from leadbridge.settings.loading import Loaded
from leadbridge.store.opening import Reader
from leadbridge.store.values import Named, Selection

Configured: TypeAlias = Callable[[], Loaded | None]  # None where there is no configuration that can be read


async def require_known(reader: Reader, selection: Selection, *, configured: Configured) -> None:
    """Raise `UsageError` for every name of a selection that nothing is called by, with the one that may be meant.

    What is gone from the configuration is known while something of it is stored.
    """
    wanted: dict[Named, tuple[str, ...]] = {
        "route": selection.routes,
        "destination": selection.destinations,
        "source": selection.sources,
    }
    if not any(wanted.values()):
        return
    loaded = configured()
    where = "in the configuration or in the database"
    if loaded is None:
        where = "in the database, and no configuration was read: name yours with --config"
    problems = []
    for what, names in wanted.items():
        known = set() if loaded is None else set(_names(loaded, what))
        if not known.issuperset(names):
            known |= {*await reader.names(what)}
        problems += [
            f"there is no {what} `{name}` {where} ({advice(name, known, what=f'{what}s')})"
            for name in names
            if name not in known
        ]
    if problems:
        raise UsageError(f"nothing was changed: {'; '.join(problems)}")


def perhaps(wanted: str, known: Iterable[str]) -> str:
    """` (did you mean …?)`; nothing where no name is near."""
    meant = near(wanted, known)
    return f" (did you mean `{meant}`?)" if meant else ""


def _names(loaded: Loaded, what: Named) -> Iterable[str]:
    settings = loaded.settings
    match what:
        case "route":
            return [route.name for route in settings.routes]
        case "destination":
            return settings.destinations
        case "source":
            return settings.sources
