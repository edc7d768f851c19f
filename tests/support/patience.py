"""How long a test waits for what must happen: a bound, so that a broken test ends, and never a measure."""

from typing import Final

PATIENCE: Final = 100.0  # seconds for anything; less than `hanging.HANGS`: a test says itself what it missed
