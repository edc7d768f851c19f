"""What is said of something that is not there: perhaps it was, and is too old."""

from collections.abc import Sequence

from leadbridge.commands.output import moment
from leadbridge.ids import time_of
from leadbridge.store.opening import Reader


async def perhaps_pruned(reader: Reader, *wanted: str) -> str:
    """The end of a sentence that says what is not there; empty unless one of these ids is old enough."""
    before = await reader.pruned_before()
    made: Sequence[int] = [at for one in wanted if (at := time_of(one)) is not None]
    if before is None or not any(at < before for at in made):
        return ""
    return (
        f"; it would be of {moment(min(made))}, and what was finished before {moment(before)} was pruned "
        "(`defaults.retention`)"
    )
