"""Every preset by its name: ours, a line each, and those that other packages bring.

Another package adds one without a fork by an entry point of the group `leadbridge.sources` that names a `Preset`.
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from leadbridge.errors import ConfigError
from leadbridge.sources import generic, standard_webhooks, typeform
from leadbridge.sources.preset import Preset

GROUP: Final = "leadbridge.sources"

BUILT_IN: Final = (
    generic.PRESET,
    standard_webhooks.PRESET,
    typeform.PRESET,
)


def presets(plugins: Iterable[EntryPoint]) -> Mapping[str, Preset]:
    """Our presets and those of `plugins`, by name; raises `ConfigError` for a plug-in that cannot be used."""
    found = {preset.name: preset for preset in BUILT_IN}
    for plugin in sorted(plugins, key=lambda plugin: (plugin.name, plugin.value)):
        preset = _load(plugin)
        if preset.name in found:
            raise ConfigError(f"{_named(plugin)}: there is a preset `{preset.name}` already; rename one")
        found[preset.name] = preset
    return MappingProxyType(found)


def _load(plugin: EntryPoint) -> Preset:
    try:
        preset = plugin.load()
    except (ImportError, AttributeError) as exc:
        raise ConfigError(f"{_named(plugin)}: it cannot be loaded ({exc}); mend or uninstall its package") from exc
    if not isinstance(preset, Preset):
        raise ConfigError(f"{_named(plugin)}: it must name a leadbridge.sources.preset.Preset")
    return preset


def _named(plugin: EntryPoint) -> str:
    return f"entry point {GROUP}: {plugin.name} = {plugin.value}"


PRESETS: Final[Mapping[str, Preset]] = presets(entry_points(group=GROUP))
