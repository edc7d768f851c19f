"""What other packages bring: presets and CRMs that an installed package names in its entry points, without a fork."""

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Protocol, TypeVar, cast

from leadbridge.errors import ConfigError


class Named(Protocol):
    """Something that a configuration asks for by its name."""

    @property
    def name(self) -> str:
        """By which configurations call it; no two have the same."""


N = TypeVar("N", bound=Named)


def with_installed(built_in: Mapping[str, N], installed: Iterable[EntryPoint], *, kind: type[N]) -> Mapping[str, N]:
    """Ours and those of installed packages, by name; ours are not looked at.

    Raises `ConfigError`, naming the entry point, when one cannot be loaded, is no `kind`, or takes a name that is in
    use: one that silently went missing would look like a mistake in the configuration.
    """
    found: dict[str, N] = {}
    for point in sorted(installed, key=lambda point: (point.name, point.value)):
        said = f"entry point {point.group}: {point.name} = {point.value}"
        try:
            one = point.load()
        except Exception as error:  # a package may be anyone's, and fail in its own way
            why = f"{type(error).__name__}: {error}"
            raise ConfigError(f"{said}: it cannot be loaded ({why}); mend or uninstall its package") from error
        if not isinstance(one, kind):
            raise ConfigError(f"{said}: it must name a {kind.__module__}.{kind.__qualname__}")
        if one.name in found or one.name in built_in:
            raise ConfigError(f"{said}: the name `{one.name}` is in use already; rename it, or uninstall its package")
        found[one.name] = one
    return MappingProxyType(ChainMap(found, cast("MutableMapping[str, N]", built_in)))
