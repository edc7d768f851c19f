"""What is known of a vendor that only announces a lead: where its answers are, as a declared value. No I/O."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from leadbridge.events import Event, Json
from leadbridge.sources.places import at

Answers: TypeAlias = Mapping[str, Json]
"""The vendor's documents, by the name of the step that asked for each."""
Completing: TypeAlias = Callable[[Event, Answers], Event]
"""The announced event with its answers. It raises `Unparseable` for documents that have not the vendor's shape."""
TroubleKind: TypeAlias = Literal[
    "credentials",  # the token is wrong or has expired: all of the source waits
    "forbidden",  # this lead may not be read: tried again for some days, as a right may be given
    "quota",  # too many calls: all of the source waits
    "down",  # the vendor's trouble: tried again
    "missing",  # no such lead, or not yet: tried again for some days
]
_ID: Final = r"[A-Za-z0-9_:.@=-]*[A-Za-z0-9_:@=-][A-Za-z0-9_:.@=-]*"  # never dots alone: they would be another path


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a call's path: the text at `path` of the event's `raw`, or of the answer of the step `of`.

    What does not match `pattern` as a whole is no id: nothing is asked for. With a group in it that is the part.
    """

    path: str
    pattern: str = _ID
    of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One GET. `path` names its parts and the version: `/{version}/{leadgen_id}`.

    `same_as` says where the document repeats parts that were asked for (`{"leadgen_id": "id"}`): a document about
    something else is none, however good it looks.

    An answer that is the same for many leads (a form's questions) is good for `keep` seconds. Where a vendor tells only
    what it is asked for, `also` is the key of the query to which a source may add names of its own.
    """

    name: str
    path: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    same_as: Mapping[str, str] = field(default_factory=dict)
    keep: int = 0
    also: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What an answer means, where its status alone does not say so: one of `values` at `path` of its document."""

    kind: TroubleKind
    path: str
    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """How a lead is fetched that was announced: the calls, one after the other, and what they make of the event.

    `headers` and `authorization` may say `{version}` and `{token}`. `limit` calls in any `window` seconds are what the
    vendor allows at least (see the preset's doc.md). `request_id` is the header with the vendor's own id of a call.
    `needed` says of an event whether anything is missing at all. `renewal` is for the person whose token is refused:
    where one is made, and when it ends, in words that follow "restart; ".
    """

    base_url: str
    version: str
    steps: tuple[Step, ...]
    complete: Completing
    limit: int
    window: int
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str = "Bearer {token}"
    troubles: tuple[Trouble, ...] = ()
    request_id: str | None = None
    needed: Callable[[Event], bool] = lambda _event: True
    renewal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """The next call: the name of its step, its path with everything in it escaped, its query.

    `about` are the ids as the vendor wrote them: of two versions of a form the path may be the same. `same` are places
    in the document, each with the texts of which one must stand there.
    """

    step: Step
    path: str
    query: Mapping[str, str]
    about: tuple[str, ...] = ()
    same: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def mend_token(renewal: str = "") -> str:
    """What to do when a token is refused; `renewal` is what a preset says of the vendor's tokens."""
    said = "put a token that works into `fetch.token` of the source, and restart"
    return f"{said}; {renewal}" if renewal else said


class NothingToAskFor(Exception):
    """The announcement (or an answer) has no id where the vendor puts it."""


def next_get(
    fetch: Fetch, event: Event, answers: Answers, *, version: str | None = None, also: Sequence[str] = ()
) -> Get | None:
    """The call that follows after these answers; None when all are there. Raises `NothingToAskFor`.

    `also` are names that are asked for besides, where the vendor wants to be told.
    """
    for step in fetch.steps:
        if step.name not in answers:
            found = {name: _found(part, event, answers) for name, part in step.parts.items()}
            parts = {name: quote(_part_of(one), safe="") for name, one in found.items()}
            path = step.path.format(version=version or fetch.version, **parts)
            about = tuple(one.group() for one in found.values())
            same = {place: (_part_of(found[name]), found[name].group()) for name, place in step.same_as.items()}
            return Get(step=step, path=path, query=_query(step, also), about=about, same=same)
    return None


def other_than_asked(get: Get, document: Json) -> str | None:
    """How a document is about something else than what was asked for; None when it is about that."""
    for place, texts in get.same.items():
        if _text(at(document, place)) not in texts:
            return f"the vendor's document `{get.step.name}` has not the id {texts[0]} at `{place}` that was asked for"
    return None


def _query(step: Step, also: Sequence[str]) -> Mapping[str, str]:
    if step.also is None or not also:
        return step.query
    asked = filter(None, step.query.get(step.also, "").split(","))
    return {**step.query, step.also: ",".join(dict.fromkeys([*asked, *also]))}


def _found(part: Part, event: Event, answers: Answers) -> re.Match[str]:
    found = at(event.raw if part.of is None else answers[part.of], part.path)
    match = re.fullmatch(part.pattern, _text(found))
    if match is None:
        where = "the announcement" if part.of is None else f"the answer `{part.of}`"
        raise NothingToAskFor(f"{where} has no id at `{part.path}`")
    return match


def _part_of(found: re.Match[str]) -> str:
    return found.group(found.lastindex or 0)


def _text(value: Json) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
