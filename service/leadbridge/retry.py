"""When to try again: a pure decision over what is known, with the clock and the dice given."""

from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from leadbridge.clock import Millis


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this time."""

    when: Millis


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No more tries by ourselves; a person may replay it."""

    why: str


Decision: TypeAlias = RetryAt | GiveUp


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter, as long as the CRM asks or longer, until `give_up_after`.

    Time alone ends nothing: most of it may have passed while nobody tried, with the service off, the machine asleep or
    the clock set forward. So many tries as `at_least_tries` are made as well.

    Which answer is tried again at all is the adapter's to say (see `crm.answers` for the usual table).
    """

    base: float = 2.0  # seconds, the most before the second try
    cap: float = 3_600.0  # seconds, the most between two tries
    give_up_after: float = 72 * 3_600.0  # seconds since the first try
    at_least_tries: int = 8  # that count

    def after(
        self,
        tries: int,
        *,
        cut_off: int = 0,
        first_try_at: Millis,
        now: Millis,
        asked: float | None,
        dice: Random,
        at_least: float = 0.0,
    ) -> Decision:
        """What follows the try number `tries` (from 1).

        `cut_off` of them make no wait longer and do not count: they were no failures. `asked` is the CRM's Retry-After
        in seconds, `at_least` what a look at an unknown outcome has to wait for.
        """
        last = first_try_at + int(self.give_up_after * 1000)
        failures = tries - cut_off
        if now >= last and failures >= self.at_least_tries:
            return GiveUp(f"given up after {tries} tries in {(now - first_try_at) // 3_600_000} hours")
        # Doubling past the cap is pointless, and 2.0 ** 1100 overflows.
        most = min(self.cap, self.base * 2.0 ** min(failures - 1, 40))
        wait = dice.uniform(0, most) if asked is None else asked + dice.uniform(0, self.base)
        must = max(at_least, asked or 0.0)
        when = now + int(max(wait, must) * 1000)
        return RetryAt(when if now >= last else min(when, max(last, now + int(must * 1000))))
