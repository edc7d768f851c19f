"""Times as a person writes them: how long something is kept, `90d`, or lasts, `10m`."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.settings.choices import refusal

DAY: Final = 86_400_000  # milliseconds
LONGEST_SPAN: Final = 7 * DAY
LEAST: Final = 2 * DAY  # a CRM's daily budget is counted from what is kept
AGE_PATTERN: Final = r"^([0-9]{1,5} ?[dw]|forever)$"
SPAN_PATTERN: Final = r"^([0-9]{1,6} ?[smhd]|off)$"
_DAYS: Final = {"d": 1, "w": 7}
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY}


def read_age(value: Json) -> Millis | None:
    """Milliseconds; None for `forever`."""
    if value == "forever":
        return None
    found = re.fullmatch(r"([0-9]{1,5}) ?([dw])", value) if isinstance(value, str) else None
    if found is None:
        raise refusal("must be a time to keep", "write days (90d), weeks (12w), or `forever`")
    kept = int(found[1]) * _DAYS[found[2]] * DAY
    if kept < LEAST:
        raise refusal("is too short", "write 2d or more: the calls of a day count in the CRM's daily budget")
    return kept


def read_span(value: Json) -> Millis:
    """Milliseconds; 0 for `off`."""
    if value in ("off", False):
        return 0
    found = re.fullmatch(r"([0-9]{1,6}) ?([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise refusal("must be a time", "write seconds (30s), minutes (10m), hours (2h), days (1d), or `off`")
    lasts = int(found[1]) * _UNITS[found[2]]
    if lasts > LONGEST_SPAN:
        raise refusal("is too long", "write 7d or less")
    return lasts


Age: TypeAlias = Annotated[
    Millis | None,
    BeforeValidator(read_age, json_schema_input_type=Annotated[str, Field(pattern=AGE_PATTERN)]),
]
Span: TypeAlias = Annotated[
    Millis,
    BeforeValidator(read_span, json_schema_input_type=Annotated[str, Field(pattern=SPAN_PATTERN)]),
]
