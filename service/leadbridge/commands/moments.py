"""A time as people write it at the command line."""

import re
from datetime import UTC, datetime
from typing import Final

from leadbridge.clock import Millis
from leadbridge.errors import UsageError

_AGO: Final = re.compile(r"(\d{1,6})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def moment_of(written: str | None, *, now: Millis, option: str) -> Millis | None:
    """`2026-03-01`, `2026-03-01T09:30` (UTC unless it says otherwise), or `90m`: so long ago. None stays None.

    Raises `UsageError` with what can be written.
    """
    if written is None:
        return None
    if ago := _AGO.fullmatch(written.strip()):
        return now - int(ago[1]) * _SECONDS[ago[2]] * 1000
    try:
        read = datetime.fromisoformat(written.strip())
        return round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {written} is no time; write 2026-03-01, 2026-03-01T09:30, 2026-03-01T09:30+02:00, "
            "or how long ago: 90m, 2h, 7d"
        ) from error
