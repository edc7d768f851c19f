"""What a sender is told, once it is known what became of its request. Pure."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import orjson

from leadbridge.errors import Unparseable
from leadbridge.events import Parsed, Reply
from leadbridge.problems import problem
from leadbridge.sources.preset import Preset
from leadbridge.store.values import Accepted

STORAGE_RETRY_AFTER: Final = 10  # seconds, told to senders while nothing can be stored


def reply_to(parsed: Parsed, outcomes: Sequence[Accepted], trace_id: str) -> Reply:
    """Of what is on disk: the reply that the vendor wants, or ours with what became of each item."""
    if parsed.reply is not None:
        return parsed.reply
    statuses = {outcome.status for outcome in outcomes}
    status = "accepted" if "accepted" in statuses else statuses.pop()
    document: dict[str, object] = {"id": outcomes[0].submission_id, "trace_id": trace_id, "status": status}
    if parsed.ignored is not None:
        document["reason"] = parsed.ignored
    if len(outcomes) > 1:
        document["submissions"] = [{"id": outcome.submission_id, "status": outcome.status} for outcome in outcomes]
    return _accepted(document)


def reply_to_unparseable(preset: Preset, error: Unparseable, outcome: Accepted, trace_id: str) -> Reply:
    """Of what is kept and cannot be read: a problem, or 2xx for a vendor that would switch its hook off."""
    if preset.on_unparseable == "accept":
        ours = _accepted({"id": outcome.submission_id, "trace_id": trace_id, "status": "accepted"})
        return preset.reply or ours
    return problem(
        error.http_status,
        f"The body cannot be read: {error.detail}. It is kept as submission {outcome.submission_id}.",
        id=outcome.submission_id,
        trace_id=trace_id,
    )


def not_taken() -> Reply:
    """While nothing can be stored: it is to be sent again."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Nothing can be stored at the moment; the request was not taken. Send it again later.",
        headers={"Retry-After": str(STORAGE_RETRY_AFTER)},
    )


def our_mistake() -> Reply:
    """After an error that nobody foresaw: it is to be sent again."""
    detail = "leadbridge made a mistake; the request was not taken. Send it again later."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _accepted(document: Mapping[str, object]) -> Reply:
    return Reply(status=HTTPStatus.ACCEPTED, body=orjson.dumps(document))
