"""Values that are made anew for each submission: frozen where they are written, and quick where they are made.

A frozen dataclass sets each of its fields by a call when it is made. Of these values nine are made for a submission,
and that was a tenth of what accepting one takes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:

    def value(*, frozen, slots, kw_only):
        """As `dataclass`, but that nobody sets a field of a frozen one is for the type checker to see."""
        return dataclass(slots=slots, kw_only=kw_only, unsafe_hash=frozen)
