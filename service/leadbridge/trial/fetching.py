"""The stage `fetch` of a trial: the calls that would be made, and the event with the answers, where those are given."""

from dataclasses import dataclass
from urllib.parse import urlencode

from leadbridge.desk import FetchAccount
from leadbridge.errors import Unparseable, UsageError
from leadbridge.events import Event, Json
from leadbridge.masking import MASK
from leadbridge.sources.fetching import Answers, Get, NothingToAskFor, other_than_asked
from leadbridge.trial.findings import FetchCall, FetchTrial


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The vendor's documents by the names of the steps, from a file that is called `file`."""

    documents: Answers
    file: str


def try_fetch(account: FetchAccount, event: Event, given: Given | None) -> tuple[FetchTrial, Event | None]:
    """What would be asked for an announced event, and the event with its answers; None where those are not known.

    Raises `UsageError` for a document that is lacking, or is none of any call.
    """
    names = [step.name for step in account.known.steps]
    if given is not None and (other := sorted(set(given.documents) - set(names))):
        raise UsageError(f"{given.file}: no call brings a document `{other[0]}`; they are: {', '.join(names)}")
    calls: list[FetchCall] = []
    answers: dict[str, Json] = {}
    try:
        while (get := account.next_get(event, answers)) is not None:
            calls.append(_call(account, get))
            if given is not None and get.step.name not in given.documents:
                raise UsageError(f"{given.file}: lacks the document `{get.step.name}`; it needs: {', '.join(names)}")
            answers[get.step.name] = given.documents[get.step.name] if given is not None else None
            if given is not None and (problem := other_than_asked(get, answers[get.step.name])) is not None:
                return FetchTrial(calls=tuple(calls), answered_by=given.file, problem=problem), None
    except NothingToAskFor as error:
        if given is not None or not answers:
            return FetchTrial(calls=tuple(calls), problem=str(error)), None
        # The id is in an answer that is not known here.
    if given is None:
        return FetchTrial(calls=tuple(calls)), None
    try:
        return FetchTrial(calls=tuple(calls), answered_by=given.file), account.known.complete(event, answers)
    except Unparseable as error:
        return FetchTrial(calls=tuple(calls), answered_by=given.file, problem=error.detail), None


def _call(account: FetchAccount, get: Get) -> FetchCall:
    query = f"?{urlencode(get.query)}" if get.query else ""
    return FetchCall(
        step=get.step.name,
        url=f"{account.base_url}{get.path}{query}",
        headers={name: value.replace(account.token, MASK) for name, value in account.headers().items()},
        kept_for=get.step.keep,
    )
