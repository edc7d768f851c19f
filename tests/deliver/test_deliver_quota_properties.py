"""Whatever happens, no window and no day of the CRM's own counting holds more calls than its limit."""

from dataclasses import dataclass
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.budget import DAY
from tests.deliver.accounts import NEAR, Account, Sender


@dataclass
class Send:
    latency: float
    counted: float | None  # a share of the way from send to answer; None for a call that never arrived
    answered: bool


@dataclass
class Pass:
    seconds: float


@dataclass
class ToTheEndOfTheDay:
    before: float


@dataclass
class Restart:
    reboot: bool
    back: int  # milliseconds by which the wall clock is set back


SENDS = st.builds(
    Send,
    latency=st.sampled_from([0.0, 0.01, 0.3, 2.0, 29.0]) | st.floats(0, 29),
    counted=st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1),
    answered=st.sampled_from([True, True, True, False]),
)
LOST = st.builds(Send, latency=st.just(0.0), counted=st.none(), answered=st.just(False))
TIMES = st.builds(Pass, st.floats(0, 15) | st.sampled_from([0.0, 10.0, 10.005, 60.0, 3_600.0, DAY / 2, DAY]))
ENDS = st.builds(ToTheEndOfTheDay, st.sampled_from([0.0, 0.5, 1.5, 29.5, 40.0]))
RESTARTS = st.builds(Restart, st.booleans(), st.sampled_from([0, 0, 1, 5_000, 3_600_000]))
STEPS = st.lists(st.one_of(SENDS, SENDS, SENDS, LOST, TIMES, RESTARTS), min_size=20, max_size=40)
DAYS = st.lists(st.one_of(SENDS, SENDS, SENDS, ENDS, ENDS, RESTARTS), min_size=20, max_size=40)


Step: TypeAlias = Send | Pass | ToTheEndOfTheDay | Restart


def run(sender: Sender, steps: list[Step]) -> None:
    for step in steps:
        match step:
            case Send(latency=latency, counted=counted, answered=answered):
                sender.send(latency=latency, counted=counted, answered=answered)
            case Pass(seconds=seconds):
                sender.until(sender.now + seconds)
            case ToTheEndOfTheDay(before=before):
                sender.until(max(sender.now, sender.account.day_ends - before))
            case Restart(reboot=reboot, back=back):
                sender.offset += back
                sender.restart(reboot=reboot)
    sender.until(sender.now + 2 * DAY)


@given(steps=STEPS, headers=st.booleans())
def test_properties_no_window_ever_holds_more_than_its_limit(steps: list[Step], headers: bool) -> None:
    """Over sends, slow and missing answers, kills, reboots and clocks set back; and a place always comes in the end."""
    account = Account(limit=3, window=10.0, daily=100_000)
    run(Sender(account, [Quota(limit=3, window=10.0)], headers=headers), steps)
    assert account.most_in_a_window() <= 3


@given(steps=DAYS, headers=st.booleans())
def test_properties_no_day_ever_holds_more_than_its_limit(steps: list[Step], headers: bool) -> None:
    """The CRM's day begins with the first call after the last day, whether it says so or not."""
    account = Account(limit=50, window=10.0, daily=7)
    run(Sender(account, [Quota(limit=50, window=10.0, daily=7)], headers=headers), steps)
    assert max(account.days, default=0) <= 7


@given(steps=STEPS)
def test_properties_every_quota_of_an_account_holds_at_once(steps: list[Step]) -> None:
    """Two destinations on one account: one keeps to 2 calls in a second, the other to 5 in a minute."""
    account = Account(limit=100, window=10.0, daily=100_000)
    run(Sender(account, [Quota(limit=2, window=1.0), Quota(limit=5, window=60.0)]), steps)
    for limit, window in ((2, 1.0), (5, 60.0)):
        for start in account.calls:
            assert sum(start <= call < start + window - NEAR for call in account.calls) <= limit


@dataclass
class Round:
    others: int  # calls that others make, all at once
    sends: list[tuple[float, float]]  # how long after the one before, and until its answer


ROUNDS = st.lists(
    st.builds(
        Round, st.integers(0, 6), st.lists(st.tuples(st.sampled_from([0.0, 0.1, 4.0]), st.floats(0, 6)), max_size=12)
    ),
    max_size=4,
)  # fmt: skip
OURS = st.sampled_from([Quota(limit=6, window=10.0), Quota(limit=4, window=10.0), Quota(limit=2, window=2.5)])


@given(rounds=ROUNDS, ours=OURS)
def test_properties_once_an_answer_has_shown_the_calls_of_others_none_of_ours_is_too_many(
    rounds: list[Round], ours: Quota
) -> None:
    """The CRM counts a call when it arrives. What was sent after a call its answer does not know of."""
    account = Account(limit=6, window=10.0, daily=100_000)
    sender = Sender(account, [ours])
    for one in rounds:
        sender.until(sender.now + 40)  # all answers are there
        for _ in range(one.others):
            account.count(sender.now)
        sender.send(latency=0.0, counted=0.0, answered=True)
        sender.until(sender.now)
        for after, latency in one.sends:
            sender.until(sender.now + after)
            sender.send(latency=latency, counted=0.0, answered=True)
            assert account.used(sender.now) <= 6


@given(others=st.integers(0, 12), sends=st.lists(st.floats(0, 29), max_size=20), restarted=st.booleans())
def test_properties_what_the_day_has_left_is_shared_with_others(
    others: int, sends: list[float], restarted: bool
) -> None:
    account = Account(limit=1_000, window=1.0, daily=10)
    sender = Sender(account, [Quota(limit=1_000, window=1.0, daily=8)])
    sender.send(latency=0.0, counted=0.0, answered=True)
    sender.until(1.0)
    for _ in range(others):
        account.count(sender.now)
    sender.send(latency=0.0, counted=0.0, answered=True)
    sender.until(2.0)
    if restarted:
        sender.restart()
        sender.send(latency=0.0, counted=0.0, answered=True)
        sender.until(3.0)
    before = account.days[0]
    for latency in sends:
        sender.send(latency=latency, counted=0.0, answered=True)
    assert account.days[0] <= max(10, before)
    assert sum(account.days) == others + len(sends) + 2 + restarted
