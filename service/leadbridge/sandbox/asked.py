"""What a request to the sandbox's own endpoints asks for in its query."""

from collections.abc import Sequence
from typing import Final, TypeVar, get_args

from starlette.requests import Request

from leadbridge.sandbox.emulator import CrmName, VendorName
from leadbridge.sandbox.refusals import ControlRefused, Problem, did_you_mean

CRMS: Final[tuple[CrmName, ...]] = get_args(CrmName)
VENDORS: Final[tuple[VendorName, ...]] = get_args(VendorName)
Name = TypeVar("Name", CrmName, VendorName)
_SWITCH: Final = {"true": True, "1": True, "false": False, "0": False}


class Asked:
    """The query's parameters, read one by one; `check` raises what is wrong with any of them."""

    def __init__(self, request: Request, *known: str) -> None:
        self._query = request.query_params
        self._problems = [
            Problem(path=name, problem="unknown", hint=did_you_mean(name, known))
            for name in self._query
            if name not in known
        ]

    def text(self, name: str) -> str | None:
        """A parameter as it was given."""
        return self._query.get(name)

    def needed(self, name: str) -> str:
        """A parameter that must be given."""
        given = self._query.get(name)
        if given is None:
            self._problems.append(Problem(path=name, problem="must be given"))
        return given or ""

    def crm(self, name: str) -> CrmName | None:
        """The CRM that a parameter names; None when it is not given, or is none, which is a problem then."""
        return self._one_of(name, CRMS)

    def vendor(self, name: str) -> VendorName | None:
        """The vendor that a parameter names; None when it is not given, or is none, which is a problem then."""
        return self._one_of(name, VENDORS)

    def number(self, name: str, *, least: int = 1) -> int | None:
        """A parameter's whole number; None when it is not given, or is no number from `least` on, a problem then."""
        given = self._query.get(name)
        if given is None:
            return None
        if given.isascii() and given.isdigit() and len(given) <= 15 and int(given) >= least:
            return int(given)
        problem = Problem(path=name, problem=f"{given!r} is not allowed", hint=f"use a whole number from {least} on")
        self._problems.append(problem)
        return None

    def switch(self, name: str) -> bool:
        """True or false; false unless given."""
        given = self._query.get(name, "false")
        if given not in _SWITCH:
            self._wrong(name, given, ("true", "false"))
        return _SWITCH.get(given, False)

    def check(self) -> None:
        """Raise `ControlRefused` when something of what was asked for cannot be."""
        if self._problems:
            raise ControlRefused(self._problems)

    def _one_of(self, name: str, known: Sequence[Name]) -> Name | None:
        given = self._query.get(name)
        found = next((one for one in known if one == given), None)
        if given is not None and found is None:
            self._wrong(name, given, known)
        return found

    def _wrong(self, name: str, given: str, allowed: Sequence[str]) -> None:
        hint = f"use {' or '.join(allowed)}"
        self._problems.append(Problem(path=name, problem=f"{given[:80]!r} is not allowed", hint=hint))
