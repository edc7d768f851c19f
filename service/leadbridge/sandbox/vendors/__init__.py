"""The emulated vendors that only announce a lead: what their APIs answer to who fetches it."""

from typing import Final

from leadbridge.sandbox.vendors.graph import META
from leadbridge.sandbox.vendors.hubspot import HUBSPOT
from leadbridge.sandbox.vendors.klaviyo import KLAVIYO
from leadbridge.sandbox.vendors.linkedin import LINKEDIN
from leadbridge.sandbox.vendors.surveymonkey import SURVEYMONKEY
from leadbridge.sandbox.vendors.vendor import Vendor

VENDORS: Final[tuple[Vendor, ...]] = (META, LINKEDIN, SURVEYMONKEY, HUBSPOT, KLAVIYO)
