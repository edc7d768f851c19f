"""The accounts of a run, what each of them is sent, and the configuration that knows them all."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any, Final

import orjson

from leadbridge.settings.loading import Loaded
from leadbridge.settings.models import Settings

FIRST: Final = -1  # the turn in which most accounts get their first lead: its waits are not counted
TOKEN: Final = "the-token-of-the-accounts"
_WINDOWS: Final = {"copper": (180, 60.0), "leadconnector": (100, 10.0)}  # calls in seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is simulated. The CRMs' windows are `pace` times shorter, with as many calls fewer in each."""

    accounts: int
    processes: int
    rate: float  # submissions per second, of all accounts together
    skew: float  # the exponent of Zipf's law: with 1 the second account gets half of what the first one gets
    seconds: float  # of one phase
    turns: int  # phases without the giants, each followed by one with them
    idle: float  # seconds in which nothing comes in
    pace: float

    def window(self, account: int) -> tuple[int, float]:
        """Calls that an account lets through, and in how many seconds."""
        calls, seconds = _WINDOWS[crm_of(account)]
        return round(calls / self.pace), seconds / self.pace

    @property
    def shares(self) -> list[float]:
        """Of all submissions, what each account gets; the busiest comes first."""
        weights = [1 / (rank + 1) ** self.skew for rank in range(self.accounts)]
        whole = sum(weights)
        return [weight / whole for weight in weights]

    @property
    def giants(self) -> frozenset[int]:
        """The accounts that are sent more than their quota lets through."""
        return frozenset(
            account
            for account, share in enumerate(self.shares)
            if share * self.rate > self.window(account)[0] / self.window(account)[1]
        )


FULL: Final = Scale(accounts=10_000, processes=3, rate=150.0, skew=1.0, seconds=30.0, turns=2, idle=10.0, pace=6.0)
SMALL: Final = Scale(accounts=200, processes=3, rate=90.0, skew=1.0, seconds=4.0, turns=1, idle=2.0, pace=20.0)


@dataclass(frozen=True, slots=True)
class Submission:
    """One form that is filled in, `at` seconds after its phase began."""

    at: float
    account: int
    person: str


def crm_of(account: int) -> str:
    """Both CRMs have giants and small ones."""
    return "copper" if account % 2 else "leadconnector"


def submissions(scale: Scale, *, process: int, turn: int, giants: bool) -> Iterator[Submission]:
    """What one of the processes is sent in one phase, in order.

    The small accounts are sent the same at the same moments, with giants and without.
    """
    dice = Random(f"{process}/{turn}")
    sums, left_out = list(accumulate(scale.shares)), frozenset() if giants else scale.giants
    at = 0.0
    while (at := at + dice.expovariate(scale.rate / scale.processes)) < scale.seconds:
        [account] = dice.choices(range(scale.accounts), cum_weights=sums)
        person = f"{'first' if turn == FIRST else 'beside' if giants else 'alone'}-{turn}-{process}-{at:.6f}"
        if account not in left_out:
            yield Submission(at, account, person)


def body_of(submission: Submission) -> bytes:
    """The form as it is sent."""
    email = f"{submission.person}@example.com"
    return orjson.dumps({"name": f"Ann {submission.person}", "email": email, "message": "Please call me back."})


def configured(scale: Scale) -> Loaded:
    """One source, one destination and one route for each account. Not read from a file: that is measured alone."""
    data: dict[str, Any] = {
        "version": 1,
        "sources": {_source(account): _SOURCE for account in range(scale.accounts)},
        "destinations": {name_of(account): _destination(scale, account) for account in range(scale.accounts)},
        "routes": [
            {"name": f"route {account}", "from": _source(account), "to": name_of(account), "lead": _LEAD}
            for account in range(scale.accounts)
        ],
    }
    return Loaded(settings=Settings.model_validate(data), warnings=(), version="simulated")


def name_of(account: int) -> str:
    """The destination's name."""
    return f"account-{account:05d}"


def path_of(account: int) -> str:
    """Where an account's forms are sent."""
    return f"/hooks/{_source(account)}"


_SOURCE: Final = {"preset": "generic", "verify": {"scheme": "token", "secrets": [TOKEN]}}
_LEAD: Final = {"name": "{{ fields.name }}", "email": "{{ fields.email }}"}


def _source(account: int) -> str:
    return f"form-{account:05d}"


def _destination(scale: Scale, account: int) -> dict[str, Any]:
    limit, window = scale.window(account)
    common = {"crm": crm_of(account), "quota": {"limit": limit, "window": window}}
    if crm_of(account) == "copper":
        return {**common, "access_token": "c" * 32, "user_email": f"{name_of(account)}@example.com"}
    return {**common, "token": "pit-simulated", "location_id": name_of(account)}
