"""What earlier calls of a delivery mean for its next try, after a crash and after a person's word."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from leadbridge.clock import Millis
from leadbridge.plan import ADD_NOTE, Progress


class Unsure(NamedTuple):
    """A delivery that looks for what may have been done before it does anything, when it can be seen."""

    seq: int
    progress: str  # JSON
    shows_at: Millis


def unsure(calls_that_may_be_done: Iterable[Sequence[Any]], now: Millis) -> Iterator[Unsure]:
    """The deliveries that look first; rows of seq, progress, purpose, started_at, shows_after, by attempt."""
    calls: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for seq, *call in calls_that_may_be_done:
        calls[seq].append(tuple(call))
    for seq, made in calls.items():
        progress = Progress.model_validate(orjson.loads(made[0][0] or "{}"))
        open_ones = [one for one in made if one[1] not in progress.done]
        if not open_ones:
            continue
        since = dict(progress.unsure)
        for _, purpose, started_at, _ in open_ones:
            since[purpose] = min(started_at, since.get(purpose, started_at))
        shows_at = now + max(shows_after for *_, shows_after in open_ones)
        known = progress.model_copy(update={"unsure": since})
        yield Unsure(seq, known.model_dump_json(exclude_defaults=True), shows_at)


def kept_for_a_replay(progress: str) -> str | None:
    """A note that was added stays added, and what may have been done is looked for first."""
    had = Progress.model_validate_json(progress)
    kept = Progress(done=tuple(purpose for purpose in had.done if purpose == ADD_NOTE), unsure=had.unsure)
    return None if kept == Progress() else kept.model_dump_json(exclude_defaults=True)
