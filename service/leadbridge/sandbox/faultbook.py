"""The faults in force: which of them strike a call, and how often each did."""

from dataclasses import dataclass
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiRequest
from leadbridge.sandbox.faults import Delay, Ending, Fault, LoseField, Target
from leadbridge.sandbox.ids import digest

_CHANCES: Final = 2**64


@dataclass(slots=True)
class _Active:
    fault: Fault
    fitted: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Decide about one more call that fits, and remember it."""
        spent = self.fault.times is not None and self.struck >= self.fault.times
        early = self.fitted < self.fault.after
        self.fitted += 1
        drawn = int.from_bytes(digest(self.fault.seed, self.fitted, size=8)) / _CHANCES
        if spent or early or drawn >= self.fault.probability:
            return False
        self.struck += 1
        return True


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls one call; `faults` are the ids of those that struck it."""

    delays: tuple[Delay, ...] = ()
    lost_fields: frozenset[str] = frozenset()
    ending: Ending | None = None
    faults: tuple[str, ...] = ()


NO_TROUBLE: Final = Trouble()


class FaultBook:
    """The faults in force, asked in the order in which they were added."""

    def __init__(self) -> None:
        self._active: dict[str, _Active] = {}
        self._added = 0

    def add(self, fault: Fault) -> str:
        """Put a fault in force; answers its id."""
        self._added += 1
        fault_id = str(self._added)
        self._active[fault_id] = _Active(fault)
        return fault_id

    def remove(self, fault_id: str) -> bool:
        """Lift one fault. False when there is none of that id."""
        return self._active.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Lift all faults: none happens any more."""
        self._active.clear()

    def listed(self) -> list[dict[str, Json]]:
        """Every fault with its id, how many calls it `fitted`, and how many of them it `struck`."""
        return [
            {
                "id": fault_id,
                **active.fault.model_dump(mode="json", exclude_none=True),
                "fitted": active.fitted,
                "struck": active.struck,
            }
            for fault_id, active in self._active.items()
        ]

    def trouble(self, request: ApiRequest, target: Target) -> Trouble:
        """What befalls this call: every delay and lost field, up to the first fault that ends it."""
        if not self._active:
            return NO_TROUBLE
        delays: list[Delay] = []
        lost: set[str] = set()
        struck: list[str] = []
        ending: Ending | None = None
        for fault_id, active in self._active.items():
            fits = active.fault.fits(request, target)
            if not (fits and active.strikes()):
                continue
            struck.append(fault_id)
            match active.fault.action:
                case Delay() as delay:
                    delays.append(delay)
                case LoseField(field=field):
                    lost.add(field)
                case last:
                    ending = last
                    break
        return Trouble(tuple(delays), frozenset(lost), ending, tuple(struck))
