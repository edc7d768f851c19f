"""Which rounds of a benchmark count: those in which others used the machine the least, whatever was measured."""

import os
import subprocess
import sys

import pytest

from benchmarks import rounds
from benchmarks.rounds import MOST, in_quiet
from benchmarks.usage import Usage, each, usage, used_by

CORES = os.cpu_count() or 1


class Machine:
    """Others use these shares of it, round by round, and the last one ever after."""

    def __init__(self, *shares: float) -> None:
        self._shares = list(shares)
        self._looks = 0
        self._everybody = 0.0

    def usage(self) -> Usage:
        number, ends = divmod(self._looks, 2)
        if ends:
            self._everybody += self._shares[min(number, len(self._shares) - 1)] * CORES
        self._looks += 1
        return Usage(at=float(number + ends), everybody=self._everybody, ours=0.0)


async def _number(number: int) -> int:
    return number


async def measured(monkeypatch: pytest.MonkeyPatch, *shares: float, wanted: int) -> rounds.Rounds[int]:
    monkeypatch.setattr(rounds, "usage", Machine(*shares).usage)
    return await in_quiet(_number, rounds=wanted)


async def test_on_a_quiet_machine_every_round_counts_and_none_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    done = await measured(monkeypatch, 0.01, wanted=3)
    assert (list(done.results), done.left_out) == ([0, 1, 2], 0)
    assert done.note == "others used 1% of the machine"


async def test_a_disturbed_round_is_measured_again_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    done = await measured(monkeypatch, 0.0, 0.6, 0.02, 0.0, wanted=3)
    assert list(done.results) == [0, 2, 3]
    assert done.note == "others used 0% of the machine; rounds left out, in which they used more: 1"


async def test_on_a_busy_machine_it_ends_and_the_least_disturbed_rounds_count(monkeypatch: pytest.MonkeyPatch) -> None:
    done = await measured(monkeypatch, 0.5, 0.2, 0.4, 0.3, 0.9, wanted=2)
    assert (list(done.results), done.left_out) == ([1, 3], MOST * 2 - 2)
    assert done.others == pytest.approx(0.25)


async def test_where_nobody_tells_every_round_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "usage", lambda: None)
    done = await in_quiet(_number, rounds=2)
    assert (list(done.results), done.others, done.note) == ([0, 1], None, "")


def test_what_others_used_is_all_but_ours_over_all_cores() -> None:
    before = Usage(at=10.0, everybody=100.0, ours=40.0)
    after = Usage(at=12.0, everybody=100.0 + 1.5 * CORES, ours=40.0 + 0.5 * CORES)
    assert before.others_until(after) == pytest.approx(0.5)


def test_an_idle_moment_is_not_less_than_nothing() -> None:
    before = Usage(at=0.0, everybody=1.0, ours=1.0)
    assert before.others_until(Usage(at=1.0, everybody=1.0, ours=1.01)) == 0.0


def test_microseconds_for_each_need_both_ends() -> None:
    assert each(1.0, 1.5, 1_000) == pytest.approx(500)
    assert each(None, 1.5, 1_000) is None
    assert each(1.0, None, 1_000) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_what_a_child_used_is_ours_while_it_runs_and_when_it_has_ended() -> None:
    before = used_by(os.getpid())
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        running = used_by(os.getpid())
        child.communicate(b"\n")
    ended = used_by(os.getpid())
    assert before is not None
    assert running is not None
    assert ended is not None
    assert before + 0.25 < running <= ended


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_everybody_used_at_least_what_we_did() -> None:
    ours, all_of_it = used_by(os.getpid()), usage()
    assert ours is not None
    assert all_of_it is not None
    assert ours <= all_of_it.ours <= all_of_it.everybody
