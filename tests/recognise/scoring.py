"""How right recognition is: per case, and as precision and recall over many."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from tests.recognise.corpus import Case

Verdict = Literal["right", "wrong", "missing", "rightly absent"]

MEASURED: Final = ("email", "phone", "name")
_NAMES: Final = ("name", "first_name", "last_name")


class Result(Protocol):
    """What recognition gives back, as far as it is judged here."""

    @property
    def lead(self) -> Mapping[str, Any]: ...
    @property
    def spam(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One case: a verdict for each key that its truth speaks of."""

    case: Case
    verdicts: Mapping[str, Verdict]
    got: Mapping[str, Any]

    @property
    def mistakes(self) -> dict[str, Verdict]:
        """The keys that are not right, and how."""
        return {key: verdict for key, verdict in self.verdicts.items() if verdict in ("wrong", "missing")}

    def __str__(self) -> str:
        told = (f"{key} {verdict} (got {_shown(self.got, key)})" for key, verdict in self.mistakes.items())
        return f"{self.case.id}: {'; '.join(told) or 'right'}"


@dataclass(frozen=True, slots=True)
class Share:
    """Right ones of those filled (precision), and of those that the truth has (recall)."""

    right: int
    wrong: int
    in_truth: int

    @property
    def precision(self) -> float:
        """1.0 when nothing was filled."""
        filled = self.right + self.wrong
        return self.right / filled if filled else 1.0

    @property
    def recall(self) -> float:
        """1.0 when there was nothing to find."""
        return self.right / self.in_truth if self.in_truth else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """Figures over many cases."""

    judged: tuple[Judged, ...]

    @property
    def wholly_right(self) -> float:
        """The share of cases without any mistake."""
        return sum(not one.mistakes for one in self.judged) / len(self.judged)

    @property
    def reachable(self) -> float:
        """The share of cases whose e-mail, phone and name are right, and which are taken for spam when they are."""
        return sum(one.mistakes.keys().isdisjoint((*MEASURED, "spam")) for one in self.judged) / len(self.judged)

    @property
    def failed(self) -> tuple[Judged, ...]:
        """The cases with a mistake."""
        return tuple(one for one in self.judged if one.mistakes)

    def of(self, key: str) -> Share:
        """The figures of one key."""
        seen = Counter(one.verdicts[key] for one in self.judged if key in one.verdicts)
        in_truth = sum(key in one.verdicts and _in_truth(one.case, key) for one in self.judged)
        return Share(seen["right"], seen["wrong"], in_truth)

    def __str__(self) -> str:
        shares = {key: self.of(key) for key in MEASURED}
        lines = [f"{key}: precision {one.precision:.3f}, recall {one.recall:.3f}" for key, one in shares.items()]
        return "\n".join(
            [*lines, f"wholly right: {self.wholly_right:.3f} of {len(self.judged)}", f"reachable: {self.reachable:.3f}"]
        )


def score(cases: Sequence[Case], recognise: Callable[[Case], Result]) -> Score:
    """Run all `cases`, of which there is at least one."""
    return Score(tuple(judge(case, recognise(case)) for case in cases))


def judge(case: Case, result: Result) -> Judged:
    """Compare one result with the truth.

    Letter case and white space do not count. A name may come whole or in parts; parts must be in their places.
    """
    if case.truth.get("spam"):
        return Judged(case, {"spam": "right" if result.spam else "missing"}, {})
    got = _flat(result.lead)
    verdicts: dict[str, Verdict] = {key: _verdict(case.truth.get(key), got.get(key)) for key in ("email", "phone")}
    verdicts["name"] = _name_verdict(case.truth, got)
    for key, truth in _flat(case.truth).items():
        if key not in (*MEASURED, *_NAMES):
            verdicts[key] = _verdict(truth, got.get(key))
    for key in case.absent:
        if key not in verdicts:
            verdicts[key] = _verdict(None, got.get(key))
    if result.spam:
        verdicts["spam"] = "wrong"
    return Judged(case, verdicts, got | ({"spam": result.spam} if result.spam else {}))


def _verdict(truth: Any, got: Any) -> Verdict:
    if got in (None, ""):
        return "rightly absent" if truth is None else "missing"
    return "right" if truth is not None and _plain(got) in map(_plain, _any_of(truth)) else "wrong"


def _name_verdict(truth: Mapping[str, Any], got: Mapping[str, Any]) -> Verdict:
    parts = [got[key] for key in ("first_name", "middle_name", "last_name") if got.get(key)]
    given = [name for name in (got.get("name"), " ".join(parts)) if name]
    expected = _full_names(truth)
    if not given:
        return "missing" if expected else "rightly absent"
    in_place = all(
        _plain(got[key]) == _plain(truth[key]) for key in ("first_name", "last_name") if key in truth and got.get(key)
    )
    return "right" if in_place and all(_plain(name) in expected for name in given) else "wrong"


def _full_names(truth: Mapping[str, Any]) -> set[str]:
    parts = [truth[key] for key in ("first_name", "last_name") if key in truth]
    orders = [" ".join(parts), " ".join(reversed(parts))] if parts else []  # the family name comes first in many places
    return {_plain(name) for name in [*_any_of(truth.get("name")), *orders]}


def _in_truth(case: Case, key: str) -> bool:
    return bool(_full_names(case.truth)) if key == "name" else key in case.truth


def _plain(value: Any) -> str:
    text = "".join(str(value).split()).casefold()
    return text.removeprefix("https://").removeprefix("http://").removesuffix("/")


def _any_of(truth: Any) -> Iterable[Any]:
    if truth is None:
        return ()
    return truth if isinstance(truth, list) else (truth,)


def _flat(lead: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in lead.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{part}": inner for part, inner in value.items()}
        else:
            flat[key] = value
    return flat


def _shown(got: Mapping[str, Any], key: str) -> str:
    keys = _NAMES if key == "name" else (key,)
    return ", ".join(repr(got[one]) for one in keys if got.get(one)) or "nothing"
