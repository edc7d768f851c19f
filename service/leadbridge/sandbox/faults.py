"""Trouble on demand: which calls go wrong, how often, and in which way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.exchange import ApiRequest
from leadbridge.sandbox.ids import digest

_CHANCES: Final = 2**64


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Delay(_Value):
    """The answer comes later. The call goes on to the faults after this one."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(gt=0)
    commit: bool = Field(default=False, description="Whether the CRM does its work before the wait, or after it.")


class LoseField(_Value):
    """An attribute is not stored, and nobody says so. The call goes on to the faults after this one."""

    kind: Literal["lose_field"] = "lose_field"
    field: str = Field(min_length=1, description="As the CRM names it: `title`, `custom_fields`, `phone`.")


class _Ending(_Value):
    commit: bool = Field(default=False, description="Whether the CRM does its work all the same.")


class Status(_Ending):
    """Another answer than the CRM would give; without a body, the CRM's own error of that status."""

    kind: Literal["status"] = "status"
    status: int = Field(ge=200, le=599)
    body: Json = None
    headers: dict[str, str] = Field(default_factory=dict)


class Html(_Ending):
    """A page from a server in front of the CRM."""

    kind: Literal["html"] = "html"
    status: int = Field(default=502, ge=200, le=599)


class Drop(_Ending):
    """The connection is closed before an answer is complete."""

    kind: Literal["drop"] = "drop"


class Malformed(_Value):
    """The CRM does its work, and half of its answer arrives as if it were all."""

    kind: Literal["malformed"] = "malformed"


Ending: TypeAlias = Status | Html | Drop | Malformed
Action = Annotated[Delay | LoseField | Ending, Field(discriminator="kind")]


class Fault(_Value):
    """Which calls an action strikes: those that fit everything given here, until it has struck `times` times.

    `path` is relative to the CRM's base URL and may hold `*`. `email` is the address in the body or of the record.
    With a `probability`, `seed` decides which calls: the same seed strikes the same ones.
    """

    action: Action
    crm: CrmName | None = None
    account: str | None = None
    method: Annotated[str, AfterValidator(str.upper)] | None = None
    path: str | None = None
    email: Annotated[str, AfterValidator(email_key)] | None = None
    times: int | None = Field(default=None, gt=0, description="Unlimited unless given.")
    probability: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0

    def fits(self, request: ApiRequest, *, crm: CrmName, account: str, emails: Callable[[], frozenset[str]]) -> bool:
        """Whether this call is one that the fault is about."""
        return (
            self.crm in (None, crm)
            and self.account in (None, account)
            and self.method in (None, request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (self.email is None or self.email in emails())
        )


@dataclass(slots=True)
class _Active:
    fault: Fault
    fitted: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Decide about one more call that fits, and remember it."""
        spent = self.fault.times is not None and self.struck >= self.fault.times
        self.fitted += 1
        drawn = int.from_bytes(digest(self.fault.seed, self.fitted, size=8)) / _CHANCES
        if spent or drawn >= self.fault.probability:
            return False
        self.struck += 1
        return True


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls one call."""

    delays: tuple[Delay, ...] = ()
    lost_fields: frozenset[str] = frozenset()
    ending: Ending | None = None


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
        """Lift all faults."""
        self._active.clear()

    def listed(self) -> list[dict[str, Json]]:
        """Every fault with its id and how often it struck."""
        return [
            {"id": fault_id, **active.fault.model_dump(mode="json", exclude_none=True), "struck": active.struck}
            for fault_id, active in self._active.items()
        ]

    def trouble(
        self, request: ApiRequest, *, crm: CrmName, account: str, emails: Callable[[], frozenset[str]]
    ) -> Trouble:
        """What befalls this call: every delay and lost field, up to the first fault that ends it."""
        if not self._active:
            return NO_TROUBLE
        delays: list[Delay] = []
        lost: set[str] = set()
        for action in self._striking(request, crm=crm, account=account, emails=emails):
            match action:
                case Delay():
                    delays.append(action)
                case LoseField(field=field):
                    lost.add(field)
                case _:
                    return Trouble(tuple(delays), frozenset(lost), action)
        return Trouble(tuple(delays), frozenset(lost))

    def _striking(
        self, request: ApiRequest, *, crm: CrmName, account: str, emails: Callable[[], frozenset[str]]
    ) -> Iterator[Delay | LoseField | Ending]:
        for active in self._active.values():
            if active.fault.fits(request, crm=crm, account=account, emails=emails) and active.strikes():
                yield active.fault.action
