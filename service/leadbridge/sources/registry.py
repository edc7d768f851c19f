"""Every preset by its name: ours, a line each, and those that other packages bring.

Another package adds one without a fork by an entry point of the group `leadbridge.sources` that names a `Preset`:

    [project.entry-points."leadbridge.sources"]
    acme = "leadbridge_acme.forms:PRESET"
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final

from leadbridge.plugins import with_installed
from leadbridge.sources.preset import Preset

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

BUILT_IN: Final[tuple[Preset, ...]] = tuple(import_module(f"leadbridge.sources.{name}").PRESET for name in FOLDERS)

PRESETS: Final[Mapping[str, Preset]] = with_installed(BUILT_IN, entry_points(group=GROUP), kind=Preset)
