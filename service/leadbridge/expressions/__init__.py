"""Expressions of the configuration: `{{ fields.phone | e164 }}`.

They have Jinja's syntax without statements, calls and loops, see one submission and nothing else, and are bounded
in work and size. See `Template`.
"""

from leadbridge.expressions.context import Context, Report
from leadbridge.expressions.errors import ExpressionError, TemplateError, Unreadable
from leadbridge.expressions.filters import FILTERS
from leadbridge.expressions.inputs import Input
from leadbridge.expressions.registry import Filter
from leadbridge.expressions.template import Template
from leadbridge.expressions.values import ABSENT, AbsentType

__all__ = [
    "ABSENT", "FILTERS", "AbsentType", "Context", "ExpressionError", "Filter", "Input", "Report", "Template",
    "TemplateError", "Unreadable",
]  # fmt: skip
