"""Every harness by its name."""

from typing import Final

from tests.fuzz import bodies, configuration, leads, verifier
from tests.fuzz.harness import Harness

HARNESSES: Final[dict[str, Harness]] = {
    harness.name: harness for harness in (bodies.HARNESS, verifier.HARNESS, leads.HARNESS, configuration.HARNESS)
}
