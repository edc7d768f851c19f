"""What is pruned gives its room back to the disk: enough is left for what comes next."""

from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from leadbridge.store.sqlite import pruning
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import MappedSubmission, Selection
from tests.store.pruning import OLD, arrive, steps, total
from tests.support.stored import new_delivery, new_request


@pytest.fixture
def engine() -> str:
    return "sqlite"


async def filled(store: SqliteStore) -> None:
    """Finished leads of long ago, and one of today."""
    submissions = await arrive(store, at=OLD, items=400)
    await store.map(
        [
            MappedSubmission(submission_id=one, state="mapped", deliveries=[new_delivery(f"email:{one}")])
            for one in submissions
        ],
        now=OLD,
    )
    await store.cancel(Selection(), detail="", now=OLD)
    await store.accept(new_request())


async def pragma(store: SqliteStore, name: str) -> int:
    return int(await store._writer.run(lambda connection: connection.pragma(name)))


async def test_free_pages_go_back_but_for_an_eighth(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SPARE", 8)
    monkeypatch.setattr(pruning, "PAGES", 5)
    await filled(store)
    before = await pragma(store, "page_count")
    made = await steps(store)
    after = await pragma(store, "page_count")
    assert total(made, "pages") == before - after > before // 4
    assert await pragma(store, "freelist_count") <= max(8, after // 8 + 1)
    assert max(step.pages for step in made) <= 5


async def test_some_free_pages_are_left_for_what_comes(store: SqliteStore) -> None:
    await filled(store)
    assert total(await steps(store), "pages") == 0
    assert await pragma(store, "freelist_count") > 0


async def test_a_file_of_an_earlier_version_keeps_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SPARE", 0)
    store = SqliteStore(tmp_path / "earlier.db", disk_reserve=0)
    await store._writer.run_together(_as_before, None, commits=True)
    await filled(store)
    assert await pragma(store, "auto_vacuum") == 0
    assert total(await steps(store), "pages") == 0
    await store.close()


def _as_before(connection: apsw.Connection, askers: Sequence[None]) -> Sequence[None]:
    connection.pragma("auto_vacuum", 0)
    connection.execute("VACUUM")
    return askers
