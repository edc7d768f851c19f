"""Stored submissions are mapped off the request, also after a restart, and nothing vanishes on the way."""

from leadbridge.store.base import Store
from leadbridge.store.values import Selection
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, running

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'
SPAM = b'{"name": "Bo", "email": "bo@example.com", "_gotcha": "x"}'
WHY_SPAM = "spam: the field `_gotcha`, a trap that people do not see, was filled"
RECOGNISING = CONFIG.replace("    lead:", "    recognise: true\n    lead:", 1)


async def test_a_route_whose_condition_is_false_leaves_a_filtered_delivery(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        support = (await service.post(b'{"name": "Bo", "email": "bo@example.com", "interest": "support"}')).json()["id"]
        await service.post(LEAD)
        await journal.seen("delivery.attempted")
        (delivery,) = (await store.deliveries_of([support]))[support]
        assert delivery.state == "filtered"
        assert len(service.transport.calls) == 1


async def test_a_lead_without_a_match_key_is_held_for_a_person(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        nameless = (await service.post(b'{"name": "Bo"}')).json()["id"]
        await service.post(LEAD)
        await journal.seen("delivery.attempted")
        (delivery,) = (await store.deliveries_of([nameless]))[nameless]
        assert (delivery.state, delivery.reason) == ("held", "no_match_key")


async def test_a_delivery_with_a_note_or_a_contact_of_its_own_goes_alone(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    with_note = CONFIG.replace("    lead:", "    note: true\n    lead:", 1)
    for config, alone in ((CONFIG, False), (with_note, True)):
        assert (config == CONFIG) is not alone
        async with running(store, clock, journal, config=config) as service:
            submission_id = (await service.post(LEAD)).json()["id"]
            await journal.seen("delivery.attempted", submission=submission_id)
            (delivery,) = (await store.deliveries_of([submission_id]))[submission_id]
            assert delivery.alone is alone


async def test_what_comes_after_the_clock_was_set_back_is_no_older_event(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        await service.post(b'{"name": "Ann Lee", "email": "ann@example.com"}')
        await journal.seen("delivery.attempted")
        clock.wall -= 3_600_000
        for name in ("Ann Bo", "Ann Po"):
            again = (await service.post(b'{"name": "%s", "email": "ann@example.com"}' % name.encode())).json()["id"]
            await journal.seen("delivery.attempted", submission=again, outcome="delivered")
            assert name in str(service.transport.calls[-1].body)
        assert len(journal.find("clock.went_back", by_s=3_600)) == 1


async def test_a_source_without_a_route_keeps_its_submissions_as_unrouted(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    config = CONFIG.replace("[website, open, partner]", "[website]")
    async with running(store, clock, journal, config=config) as service:
        submission_id = (await service.post(LEAD, source="open")).json()["id"]
        await journal.seen("submission.unrouted")
        await service.post(LEAD)
        await journal.seen("delivery.attempted")
        row = await store.submission(submission_id)
        assert row is not None
        assert row.state == "unrouted"


async def test_a_mapping_that_fails_is_visible_with_its_reason(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    config = CONFIG.replace('"{{ fields.name }}"', '"{{ (fields.name | length) // fields.zero }}"')
    async with running(store, clock, journal, config=config) as service:
        submission_id = (await service.post(b'{"name": "Bo", "email": "bo@example.com", "zero": 0}')).json()["id"]
        await journal.seen("submission.failed")
        row = await store.submission(submission_id)
        assert row is not None
        assert row.state == "failed"
        assert "routes[website to copper].lead.name" in (row.reason or "")


async def test_what_was_stored_before_a_stop_is_mapped_and_delivered_after_the_start(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as first:
        await first.service.stop()
        submission_id = (await first.post(LEAD)).json()["id"]
        row = await store.submission(submission_id)
        assert row is not None
        assert row.state == "received"
    async with running(store, clock, journal) as second:
        await journal.seen("delivery.attempted", submission=submission_id, outcome="delivered")
        assert len(second.transport.calls) == 1


async def test_submissions_of_a_source_that_left_the_configuration_are_kept_as_unrouted(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as first:
        await first.service.stop()
        submission_id = (await first.post(LEAD, source="open")).json()["id"]
    config = CONFIG.replace("  open:\n    preset: generic\n    verify: none\n", "").replace("website, open", "website")
    async with running(store, clock, journal, config=config):
        await journal.seen("submission.unrouted", submission=submission_id)


async def test_a_submission_that_fills_a_trap_is_ignored_as_spam_and_nothing_is_sent(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal, config=RECOGNISING) as service:
        trapped = (await service.post(SPAM)).json()["id"]
        await service.post(LEAD)
        await journal.seen("delivery.attempted")
        row = await store.submission(trapped)
        assert row is not None
        assert row.state == "ignored"
        assert row.reason == WHY_SPAM
        assert await store.deliveries_of([trapped]) in ({}, {trapped: []}, {trapped: ()})
        assert len(journal.find("submission.ignored", submission=trapped, reason=row.reason)) == 1
        assert len(service.transport.calls) == 1


async def test_what_was_taken_for_spam_is_mapped_again_once_the_configuration_is_mended(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal, config=RECOGNISING) as service:
        trapped = (await service.post(SPAM)).json()["id"]
        ping = (await service.post(b"{}")).json()["id"]
        await journal.seen("submission.ignored", submission=trapped)
    replayed = await store.replay(Selection(states=("ignored",)), now=clock.now())
    assert (replayed.submissions, replayed.deliveries) == (1, 0)
    assert (await store.replay(Selection(ids=(ping,)), now=clock.now())).submissions == 0, "a ping is no lead"
    async with running(store, clock, journal) as service:
        await journal.seen("delivery.attempted", submission=trapped)
        row = await store.submission(trapped)
        assert row is not None
        assert (row.state, row.reason) == ("mapped", None)


async def test_spam_for_one_route_is_filtered_where_another_takes_it(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    recognising = "  - {name: seen, from: website, to: copper, recognise: true}\n"
    config = CONFIG.replace("routes:\n", f"routes:\n{recognising}", 1)
    async with running(store, clock, journal, config=config) as service:
        submission = (await service.post(SPAM)).json()["id"]
        await journal.seen("delivery.attempted", submission=submission)
        seen, other = (await store.deliveries_of([submission]))[submission]
        assert (seen.state, seen.detail) == ("filtered", WHY_SPAM)
        assert other.state == "delivered"
