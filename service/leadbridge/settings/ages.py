"""How long something is kept, as a person writes it: `90d`."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.settings.choices import refusal

DAY: Final = 86_400_000  # milliseconds
LEAST: Final = 2 * DAY  # a CRM's daily budget is counted from what is kept
AGE_PATTERN: Final = r"^([0-9]{1,5} ?[dw]|forever)$"
_DAYS: Final = {"d": 1, "w": 7}


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


Age: TypeAlias = Annotated[
    Millis | None,
    BeforeValidator(read_age, json_schema_input_type=Annotated[str, Field(pattern=AGE_PATTERN)]),
]
