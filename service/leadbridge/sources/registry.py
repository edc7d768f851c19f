"""Every preset by its name: ours, a line each, and those that other packages bring.

Another package adds one without a fork by an entry point of the group `leadbridge.sources` that names a `Preset`:

    [project.entry-points."leadbridge.sources"]
    acme = "leadbridge_acme.forms:PRESET"
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from leadbridge.plugins import with_installed
from leadbridge.sources import generic, standard_webhooks, typeform
from leadbridge.sources.preset import Preset

GROUP: Final = "leadbridge.sources"

BUILT_IN: Final = (
    generic.PRESET,
    standard_webhooks.PRESET,
    typeform.PRESET,
)


PRESETS: Final[Mapping[str, Preset]] = with_installed(BUILT_IN, entry_points(group=GROUP), kind=Preset)
