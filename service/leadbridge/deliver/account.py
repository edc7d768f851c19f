"""What one lane knows of its account and works with, put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Final

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.attempt import Bench
from leadbridge.deliver.calling import Caller, Tokens
from leadbridge.deliver.canaries import Canaries
from leadbridge.deliver.facts import AccountFacts
from leadbridge.deliver.governor import Governor
from leadbridge.deliver.lineup import LineUp
from leadbridge.deliver.places import Places
from leadbridge.deliver.preparing import Preparer
from leadbridge.deliver.probing import Prober
from leadbridge.deliver.refusals import Refusals
from leadbridge.deliver.settling import Settler
from leadbridge.deliver.standing import Standing
from leadbridge.deliver.tenure import Tenure
from leadbridge.deliver.transport import DEADLINE, Transport
from leadbridge.logs import Logger
from leadbridge.precedence import Precedence
from leadbridge.record import Recorder
from leadbridge.store.base import Store
from leadbridge.store.lanes import Lease

# It is renewed every quarter of it. Who takes over waits a little longer: a call that was given up at the last moment
# may still be on its way to the CRM.
LEASE: Final = Lease(seconds=10.0, grace=2.0)
PAUSE_WITHOUT_QUOTA: Final = 1.0  # seconds of quiet after a 429 that says nothing, where we keep no quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every lane works with. Without `tokens` no adapter has a grant."""

    store: Store
    transport: Transport
    recorder: Recorder
    clock: Clock
    log: Logger
    precedence: Precedence
    tenure: Tenure
    tokens: Tokens | None = None
    dice: Random = field(default_factory=SystemRandom)
    lease: Lease = LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The parts of a lane beside its loop."""

    places: Places
    standing: Standing
    facts: AccountFacts
    line: LineUp
    bench: Bench
    caller: Caller
    prober: Prober
    settler: Settler
    canaries: Canaries


def account_of(
    lane: str,
    adapters: Mapping[str, Adapter],
    *,
    quotas: Sequence[Quota | None],
    means: Means,
    epoch: int,
    wake: Callable[[], None],
) -> Account:
    """The parts for one account in one epoch; `adapters` are by their destination's name, and all `quotas` hold.

    `wake` is told when the account is not in doubt any more.
    """
    store, clock, log = means.store, means.clock, means.log
    facts = AccountFacts()
    places = Places(Governor(quotas, deadline=DEADLINE), clock)
    standing = Standing(
        lane, epoch=epoch, store=store, places=places, tenure=means.tenure, clock=clock, log=log, dice=means.dice
    )
    caller = Caller(
        lane, transport=means.transport, places=places, standing=standing, tokens=means.tokens, clock=clock, log=log
    )
    prober = Prober(
        lane, list(adapters.values()), store=store, caller=caller, places=places, clock=clock, log=log, answered=wake
    )
    canaries = Canaries(lane, store=store, clock=clock, log=log)
    refusals = Refusals()
    preparer = Preparer(lane, adapters, facts=facts, refusals=refusals, clock=clock, log=log)
    return Account(
        places=places,
        standing=standing,
        facts=facts,
        line=LineUp(lane, store=store, clock=clock, prepare=preparer.prepare),
        bench=Bench(
            lane=lane,
            caller=caller,
            recorder=means.recorder,
            places=places,
            facts=facts,
            standing=standing,
            clock=clock,
            log=log,
            pause_at_429=max((quota.window for quota in quotas if quota is not None), default=PAUSE_WITHOUT_QUOTA),
        ),
        caller=caller,
        prober=prober,
        settler=Settler(
            lane=lane,
            store=store,
            recorder=means.recorder,
            standing=standing,
            prober=prober,
            refusals=refusals,
            canaries=canaries,
            clock=clock,
            log=log,
        ),
        canaries=canaries,
    )
