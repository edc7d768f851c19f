"""The write rules of a plan: those of its route, and the same for keys that are filled from one another."""

from collections.abc import Mapping

from leadbridge.plan import WriteRule
from leadbridge.settings.write import FILLED_FROM


def write_rules(given: Mapping[str, WriteRule]) -> dict[str, WriteRule]:
    """The rules that differ from the usual ones. A key without one has that of the key that it is filled from."""
    inherited = {key: given[other] for key, others in FILLED_FROM.items() for other in others if other in given}
    return {key: rule for key, rule in (inherited | dict(given)).items() if rule != "merge"}
