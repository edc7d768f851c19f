"""Mutants of every sample: whatever a sender comes up with is a lead, no lead, or unparseable, and never lost."""

from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.errors import UsageError
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.sources.samples import folder_of, samples_in
from leadbridge.store.base import Store
from tests.fuzz.bodies import check_as
from tests.sources.mutants import mutant
from tests.sources.senders import sender_of
from tests.sources.world import World, url_of, world
from tests.support.clock import ManualClock
from tests.support.examples import examples
from tests.support.journal import Journal

POSTED = 8  # mutants of each preset that go through the real endpoint


def named(value: Any) -> str:
    return str(getattr(value, "name", value))


@pytest.mark.parametrize("preset", BUILT_IN, ids=named)
@settings(max_examples=examples(15), deadline=None)
@given(data=st.data(), dice=st.randoms(use_true_random=False))
def test_no_mutant_makes_anything_but_events_reasons_or_unparseable(
    preset: Preset, data: st.DataObject, dice: Random
) -> None:
    sample = data.draw(st.sampled_from(samples_in(folder_of(preset.name))))
    check_as(preset, sample.headers, mutant(sample, dice))


@pytest.mark.slow
@pytest.mark.parametrize("preset", BUILT_IN, ids=named)
@settings(max_examples=500, deadline=None)
@given(data=st.data(), dice=st.randoms(use_true_random=False))
def test_no_mutant_of_hundreds_does_either(preset: Preset, data: st.DataObject, dice: Random) -> None:
    sample = data.draw(st.sampled_from(samples_in(folder_of(preset.name))))
    check_as(preset, sample.headers, mutant(sample, dice))


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[World]:
    async with world(store, clock, journal) as started:
        yield started


async def test_what_is_answered_with_2xx_is_in_the_books_and_nothing_crashes(service: World, journal: Journal) -> None:
    """Each body is signed by its sender, so that it gets as far as it can."""
    dice, statuses = Random(6), set()
    lost: list[tuple[str, int, bytes]] = []
    for preset in BUILT_IN:
        desk = service.desks[preset.name]
        kept = 0
        for sample in dice.choices(samples_in(folder_of(preset.name)), k=POSTED):
            changed = replace(sample, body=mutant(sample, dice))
            try:
                sent = sender_of(preset).sends(changed, url=url_of(preset))
            except (UsageError, ValueError, AttributeError):
                continue  # this sender cannot put its secret into such a body
            response = await service.post(preset, sent)
            statuses.add(response.status_code)
            before, kept = kept, len(await service.kept_of(preset))
            if response.is_success and kept == before and desk.handshake(sent) is None:
                lost.append((preset.name, response.status_code, changed.body))
            if response.status_code not in (200, 202, 400, 401, 415):
                lost.append((preset.name, response.status_code, changed.body))
    assert lost == []
    assert statuses >= {200, 202, 400}
    assert journal.find("request.crashed") == []
    assert journal.find("mapping.crashed") == []
    assert (await service.store.ledger()).balances
