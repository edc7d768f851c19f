"""The processes that share the accounts: how many lanes each should have, and which of them are dead."""

from collections.abc import Iterable, Mapping
from typing import Final

from leadbridge.store.lanes import Peer

QUIET: Final = 0.5  # of the silence of the dead: then nothing that is free is left to it


def shares(have: Mapping[str, int], *, free: int) -> Mapping[str, int]:
    """How many lanes each process should have, by what it has now and how many lanes nobody has.

    Whoever sees the same comes to the same result. Those that have the most keep the one more, so that no lane moves
    without need.
    """
    low, more = divmod(sum(have.values()) + free, len(have))
    by_size = sorted(have, key=lambda name: (-have[name], name))
    return {name: low + (place < more) for place, name in enumerate(by_size)}


def stays(peer: Peer) -> bool:
    """Whether lanes are given back for a process: one that has just begun may be gone again, and they be nobody's.

    Its first beat comes with its begin.
    """
    return peer.beats > 1 or peer.lanes > 0


class Silence:
    """Since when each other process was seen without a beat.

    The database's clock may be set while a process sends, so that all seem late. By our own clock nobody is: who has
    made no beat while we looked on, for as long as its lease lasts, cannot be sending any more.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, float]] = {}  # the beat, and when it was first seen (monotonic)

    def dead(self, peers: Iterable[Peer], *, now: float) -> Mapping[str, int]:
        """Those that cannot be sending any more, with their last beats; `now` is after the look at all of them."""
        before, self._last = self._last, {}
        dead = {}
        for peer in peers:
            beat, since = before.get(peer.name, (peer.beats, now))
            self._last[peer.name] = (peer.beats, since if beat == peer.beats else now)
            if peer.late and now - self._last[peer.name][1] >= peer.silence:
                dead[peer.name] = peer.beats
        return dead

    def is_quiet(self, peer: Peer, *, now: float) -> bool:
        """Whether one of those that were looked at last may be dead."""
        _, since = self._last.get(peer.name, (peer.beats, now))
        return now - since >= QUIET * peer.silence
