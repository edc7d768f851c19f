"""Which lanes the one process has that serves a file: the file's lock is its lease, and ends with it."""

import json
import math
from collections.abc import Collection, Mapping
from typing import BinaryIO, Final

import apsw

from leadbridge.store.lanes import Peer, Process, Roll
from leadbridge.store.sqlite.connection import is_owned, rows

_OWN: Final = """
    INSERT INTO lanes (lane, owner, epoch) SELECT value, ?2, 1 FROM json_each(?1) WHERE true
    ON CONFLICT (lane) DO UPDATE SET owner = excluded.owner, epoch = epoch + 1 WHERE owner IS NOT excluded.owner"""
_OWNED: Final = "SELECT lane, epoch FROM lanes WHERE owner = ?"
_GIVE_BACK: Final = "UPDATE lanes SET owner = NULL WHERE lane = ? AND epoch = ?"


class Alone:
    """The process that serves, as far as a store knows it. Whoever had a lane before is gone: it had the lock."""

    def __init__(self, lock: BinaryIO) -> None:
        self._lock = lock
        self._process: Process | None = None
        self._lanes: set[str] = set()  # that it knows
        self._beats = 0
        self.has: set[str] = set()

    def join(self, process: Process, lanes: Collection[str]) -> bool:
        """Begin to serve, unless another has the lock by now: removed and made again, it is two."""
        if not is_owned(self._lock):
            return False
        self._process, self._lanes, self.has = process, set(lanes), set()
        return True

    def renew(self, name: str) -> float | None:
        """It lasts as long as the process, while the lock is the one beside the file."""
        if not self.is_served_by(name):
            return None
        self._beats += 1
        return math.inf

    def leave(self, name: str) -> None:
        """A process serves no more: its lanes are nobody's. Another one's name changes nothing."""
        if self.is_served_by(name):
            self._process, self.has = None, set()

    def roll(self) -> Roll:
        """The one process, if there is one."""
        if self._process is None:
            return Roll(peers=(), free=frozenset(self._lanes))
        me = Peer(
            name=self._process.name, accounts=self._process.accounts, beats=self._beats, lanes=len(self.has),
            late=False, silence=math.inf,
        )  # fmt: skip
        return Roll(peers=(me,), free=frozenset(self._lanes - self.has))

    def is_served_by(self, name: str) -> bool:
        """Whether this process is the one."""
        return self._process is not None and self._process.name == name and is_owned(self._lock)


def own_lanes(connection: apsw.Connection, lanes: Collection[str], owner: str) -> Mapping[str, int]:
    """Give lanes to a process; what it has already is not written again."""
    had = lanes_of(connection, owner)
    wanted = sorted(lane for lane in lanes if lane not in had)
    if wanted:
        connection.execute(_OWN, (json.dumps(wanted), owner))
        had = lanes_of(connection, owner)
    return {lane: had[lane] for lane in lanes}


def lanes_of(connection: apsw.Connection, owner: str) -> Mapping[str, int]:
    """The epochs of a process's lanes."""
    return dict(rows(connection, _OWNED, (owner,)))


def give_back_lanes(connection: apsw.Connection, lanes: Mapping[str, int]) -> None:
    """Let lanes go, if their epochs are still these."""
    connection.executemany(_GIVE_BACK, list(lanes.items()))
