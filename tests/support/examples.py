"""How many examples a property is tried with: few in the quick tests, which try the same ones each time."""

import os
from typing import Final

EXPLORING: Final = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
USUAL: Final = 2_000 if EXPLORING else 50


def examples(usual: int) -> int:
    """So many, and forty times as many for `make explore`: for what takes longer, or needs more, than others."""
    return 40 * usual if EXPLORING else usual
