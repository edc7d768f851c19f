"""Whose turn it is in a lane: what came in before what is tried again, that before what is sent once more.

None of them starves: some turns belong to the less urgent ones, if any of those wait.
"""

from typing import Final, Literal, TypeAlias

Urgency: TypeAlias = Literal["live", "retry", "replay"]

_USUAL: Final[tuple[Urgency, ...]] = ("live", "retry", "replay")
_RETRY_FIRST: Final[tuple[Urgency, ...]] = ("retry", "live", "replay")
_REPLAY_FIRST: Final[tuple[Urgency, ...]] = ("replay", "live", "retry")
RETRY_EVERY: Final = 8  # turns of which one goes to a retry first
REPLAY_EVERY: Final = 16  # turns of which one goes to a replay first


def order_of(turn: int) -> tuple[Urgency, ...]:
    """Who is asked first, second and last in the turn of this number, counted from 0."""
    if turn % REPLAY_EVERY == REPLAY_EVERY - 1:
        return _REPLAY_FIRST
    if turn % RETRY_EVERY == RETRY_EVERY // 2:
        return _RETRY_FIRST
    return _USUAL
