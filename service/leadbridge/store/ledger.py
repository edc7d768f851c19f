"""The ledger: what came in equals what is accounted for, per source and per destination, at every instant."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One source's or destination's books: how many ever arrived, and in which state each of them is or was pruned."""

    kind: str
    name: str
    arrived: int
    states: Mapping[str, int]

    @property
    def balances(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        return self.arrived == sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All accounts, and what else must never be found."""

    accounts: tuple[Account, ...]
    mapped_without_delivery: int  # a mapped submission with no delivery row
    delivered_without_attempt: int  # a delivery said to be in the CRM with no call that was answered

    @property
    def balances(self) -> bool:
        """Whether every account balances and nothing is said that no row proves."""
        return (
            not self.mapped_without_delivery
            and not self.delivered_without_attempt
            and all(account.balances for account in self.accounts)
        )
