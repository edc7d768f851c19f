"""Every preset by its name: ours, a line each, and those that other packages bring.

Another package adds one without a fork by an entry point of the group `leadbridge.sources` that names a `Preset`:

    [project.entry-points."leadbridge.sources"]
    acme = "leadbridge_acme.forms:PRESET"
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

from leadbridge.plugins import with_installed
from leadbridge.sources.preset import Preset

if TYPE_CHECKING:
    BUILT_IN: tuple[Preset, ...]

GROUP: Final = "leadbridge.sources"

FOLDERS: Final = (
    "activecampaign",
    "cal_com",
    "calendly",
    "callrail",
    "close",
    "cognito_forms",
    "elementor",
    "fillout",
    "formbricks",
    "formspree",
    "formstack",
    "generic",
    "gohighlevel",
    "google_ads",
    "gravity_forms",
    "hubspot",
    "hubspot_workflow",
    "intercom",
    "jotform",
    "klaviyo",
    "linkedin",
    "mailchimp",
    "make",
    "meta",
    "n8n",
    "netlify",
    "shopify",
    "standard_webhooks",
    "stripe",
    "surveymonkey",
    "tally",
    "typeform",
    "unbounce",
    "webflow",
    "webflow_v1",
    "wix",
    "woocommerce",
    "wordpress_forms",
    "wufoo",
    "zapier",
)


class _Ours(Mapping[str, Preset]):
    """Each is imported when it is asked for: a configuration names a few, and all take as long as the web server."""

    def __init__(self) -> None:
        self._folders: Final = {folder.replace("_", "-"): folder for folder in FOLDERS}

    def __getitem__(self, name: str) -> Preset:
        preset: Preset = import_module(f"leadbridge.sources.{self._folders[name]}").PRESET
        return preset

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)

    def __contains__(self, name: object) -> bool:
        return name in self._folders


_OURS: Final = _Ours()

PRESETS: Final[Mapping[str, Preset]] = with_installed(_OURS, entry_points(group=GROUP), kind=Preset)


def __getattr__(name: str) -> tuple[Preset, ...]:
    """`BUILT_IN`: all of ours, for those who want to look at every one."""
    if name == "BUILT_IN":
        return tuple(_OURS.values())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
