"""Recognition: a lead from any form's fields, by label, vendor's type, value and language, without a mapping."""

from leadbridge.recognise.findings import Finding, Recognised
from leadbridge.recognise.recognition import recognise
from leadbridge.recognise.tables import Tables, default_tables

__all__ = ["Finding", "Recognised", "Tables", "default_tables", "recognise"]
