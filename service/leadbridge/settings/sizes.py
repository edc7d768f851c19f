"""Sizes in bytes, as a number or as a person writes them: `2MiB`."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from leadbridge.events import Json
from leadbridge.settings.choices import refusal

_UNITS: Final = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
SIZE_PATTERN: Final = r"^[0-9]{1,12} ?([kKmMgG][iI]?)?[bB]?$"


def read_size(value: Json) -> int:
    """Bytes: `2097152`, `2MiB` (1024s), `2MB` (1000s)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = re.fullmatch(r"([0-9]{1,12}) ?([a-zA-Z]*)", value) if isinstance(value, str) else None
    if found is None or found[2].lower() not in _UNITS:
        raise refusal("must be a size", "write bytes (2097152), or a number with kB, MB, KiB or MiB (2MiB)")
    return int(found[1]) * _UNITS[found[2].lower()]


Size: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(read_size, json_schema_input_type=int | str)]
