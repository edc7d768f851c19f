"""How many examples a property is tried with: few in the quick tests, more in CI; both try the same ones each time."""

import os
from typing import Final

_PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE")
EXPLORING: Final = _PROFILE == "explore"
_TIMES: Final = {"explore": 40, "thorough": 1}.get(_PROFILE or "", 0.5)


def examples(usual: int) -> int:
    """So many in CI, half as many in the quick tests, forty times as many for `make explore`."""
    return max(round(usual * _TIMES), 10)


USUAL: Final = examples(50)
