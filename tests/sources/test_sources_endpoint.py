"""Every sample, signed by its sender, through the real endpoint: the answer, what is kept, and what is mapped later.

One service takes them all, each sample in its turn: a service for each of them would take minutes to start.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from leadbridge.events import Received
from leadbridge.sources.preset import Preset
from leadbridge.sources.samples import Sample
from leadbridge.store.base import Store
from leadbridge.store.rows import SubmissionRow
from leadbridge.testing import outcome_json, with_answers
from leadbridge.verify import stored
from tests.sources.senders import SAMPLES, sender_of
from tests.sources.world import World, url_of, world
from tests.support.clock import ManualClock
from tests.support.journal import Journal


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[World]:
    async with world(store, clock, journal) as started:
        yield started


async def test_each_sample_is_answered_kept_and_mapped_as_it_is_expected_to(service: World) -> None:
    wrong = {}
    for preset, sample in SAMPLES:
        sent = sender_of(preset).sends(sample, url=url_of(preset))
        became, expected = await _became(service, preset, sample, sent), _expected(service, preset, sample, sent)
        if became != expected:
            wrong[f"{preset.name}/{sample.name}"] = (became, expected)
    assert wrong == {}


async def _became(service: World, preset: Preset, sample: Sample, sent: Received) -> dict[str, Any]:
    """What the sender is answered, and what the books and the stored request then say."""
    before = {row.id for row in await service.kept_of(preset)}
    response = await service.post(preset, sent)
    rows = [row for row in await service.kept_of(preset) if row.id not in before]
    rows.sort(key=lambda row: row.item)
    said = {"status": response.status_code, "items": [_said(row) for row in rows], "traces": len(_traces(rows))}
    if preset.reply is not None and rows and response.is_success:
        said["body"] = response.content
    if rows and not (rows[0].reason or "").startswith("unparseable"):
        said["mapped"] = await _as_mapping_reads_it(service, preset, sample, rows[0])
    return said


def _expected(service: World, preset: Preset, sample: Sample, sent: Received) -> dict[str, Any]:
    if service.desks[preset.name].handshake(sent) is not None:
        return {"status": 200, "items": [], "traces": 0}
    said: dict[str, Any] = {"status": 202, "items": _items(sample), "traces": 1}
    if "unparseable" in sample.expected:
        return said if preset.on_unparseable == "accept" else said | {"status": 400}
    if preset.reply is not None:
        said |= {"status": preset.reply.status, "body": preset.reply.body}
    return said | {"mapped": sample.expected}


async def _as_mapping_reads_it(service: World, preset: Preset, sample: Sample, row: SubmissionRow) -> Any:
    request = await service.store.request(row.request_id)
    assert request is not None
    received = Received(
        source=request.source,
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        received_at=request.received_at,
    )
    desk = service.desks[preset.name]
    parsed = desk.parse(stored(desk.scheme, received, verified=True))
    return outcome_json(with_answers(preset, sample, parsed))


async def test_a_sample_that_comes_again_is_a_duplicate_where_the_sender_gives_an_id(service: World) -> None:
    missed = {}
    for preset, sample in SAMPLES:
        ids = [one["dedupe_id"] for one in sample.expected.get("events", ()) if "dedupe_id" in one]
        sent = sender_of(preset).sends(sample, url=url_of(preset))
        await service.post(preset, sent)
        before = {row.id for row in await service.kept_of(preset)}
        await service.post(preset, sent)
        again = [row for row in await service.kept_of(preset) if row.id not in before]
        if len(ids) > sum(row.duplicate_of is not None for row in again):
            missed[f"{preset.name}/{sample.name}"] = ids
    assert missed == {}


async def test_all_samples_together_balance_the_books(service: World) -> None:
    expected = 0
    for preset, sample in SAMPLES:
        sent = sender_of(preset).sends(sample, url=url_of(preset))
        await service.post(preset, sent)
        expected += 0 if service.desks[preset.name].handshake(sent) else len(_items(sample))
    ledger = await service.store.ledger()
    assert ledger.balances
    kept = [
        row
        for preset in {preset.name: preset for preset, _ in SAMPLES}.values()
        for row in await service.kept_of(preset)
    ]
    assert len(kept) == expected


def _items(sample: Sample) -> list[Any]:
    """The reason of each item that is no lead; None for a lead, and for what only its answers show to be none."""
    if sample.fetched is not None:
        return [None]
    if "events" in sample.expected:
        return [one.get("ignored") for one in sample.expected["events"]]
    return [sample.expected.get("ignored") or f"unparseable: {sample.expected['unparseable']}"]


def _said(row: SubmissionRow) -> str | None:
    """The reason of what is no lead; None for a lead, also for one that came under another sample's id."""
    return None if row.state in ("received", "mapped", "duplicate") else row.reason


def _traces(rows: list[SubmissionRow]) -> set[tuple[str, str]]:
    return {(row.request_id, row.trace_id) for row in rows}
