"""Every filter, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from leadbridge.expressions.filters import countries, dates, lists, names, numbers, patterns, phones, text
from leadbridge.expressions.registry import Filter

FILTERS: Final[Mapping[str, Filter]] = MappingProxyType(
    {
        each.name: each
        for module in (text, names, phones, countries, dates, numbers, lists, patterns)
        for each in module.FILTERS
    }
)
