"""Leads that were only announced, and how fetching them ends, for the tests of fetching."""

from contextlib import closing
from typing import Any

import apsw
import asyncpg

from leadbridge.ids import new_id
from leadbridge.store.base import Store
from leadbridge.store.fetching import ClaimedFetches, FetchEnd, FetchQuota
from leadbridge.store.rows import SubmissionRow
from leadbridge.store.values import Accepted, NewItem
from tests.support.stored import START, new_request
from tests.support.stores import SQLITE

SOURCE = "ads"
MINUTE = 60_000
LEASE = 30_000
ANSWERS = '{"lead":{"field_data":[]}}'
PLENTY = FetchQuota(limit=1_000, window=MINUTE)


async def announce(store: Store, *, key: str | None = None, source: str = SOURCE, at: int = START) -> Accepted:
    item = NewItem(submission_id=new_id(), state="awaiting_fetch", dedupe_key=key, digest=b"1")
    [accepted] = await store.accept(new_request(item, source=source, at=at))
    return accepted


async def announced(store: Store, count: int, *, source: str = SOURCE) -> list[str]:
    return [(await announce(store, source=source)).submission_id for _ in range(count)]


async def claim(
    store: Store,
    *,
    source: str = SOURCE,
    quota: FetchQuota = PLENTY,
    calls_each: int = 1,
    limit: int = 100,
    now: int = START,
) -> ClaimedFetches:
    return await store.claim_fetches(
        source, quota=quota, calls_each=calls_each, limit=limit, now=now, until=now + LEASE
    )


def ids(claimed: ClaimedFetches) -> list[str]:
    return [one.waiting.submission_id for one in claimed.due]


def found(submission_id: str, *, calls: int = 1, at: int = START) -> FetchEnd:
    return FetchEnd(submission_id=submission_id, calls=calls, answered_at=at, documents=ANSWERS)


def later(submission_id: str, again_at: int, *, calls: int = 1, counts: bool = True) -> FetchEnd:
    return FetchEnd(
        submission_id=submission_id,
        calls=calls,
        answered_at=START,
        again_at=again_at,
        counts=counts,
        reason="fetch: not there yet",
    )


def failed(submission_id: str) -> FetchEnd:
    return FetchEnd(submission_id=submission_id, calls=1, answered_at=START, reason="fetch: no such lead")


async def row(store: Store, submission_id: str) -> SubmissionRow:
    found = await store.submission(submission_id)
    assert found is not None
    return found


async def documents_in(url: str) -> list[str]:
    """All documents that a database holds, of whatever submissions."""
    asked = "SELECT documents FROM fetches"
    if url.startswith(SQLITE):
        with closing(apsw.Connection(url.removeprefix(SQLITE))) as file:
            return [str(documents) for (documents,) in file.execute(asked).fetchall()]
    connection: Any = await asyncpg.connect(url)
    try:
        return [documents for (documents,) in await connection.fetch(asked)]
    finally:
        await connection.close()
