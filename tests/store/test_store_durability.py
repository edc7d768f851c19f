"""The one writer of the file: what a commit means, and what is left after one that failed."""

import asyncio
import stat
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import apsw
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.store.lanes import Process
from leadbridge.store.sqlite.beside import open_for_reading
from leadbridge.store.sqlite.connection import JOURNAL_LIMIT, claim_ownership
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.sqlite.writer import MOST_IN_ONE_COMMIT, Writer
from tests.support.patience import PATIENCE
from tests.support.stored import FOREVER, OWNER, add, claim, ids, new_delivery, new_request, own

SMALL = 40  # pages beyond what a fresh database needs


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    opened = Writer(tmp_path / "written.db")
    await opened.run_together(_with_constraints, None, commits=True)
    await opened.run(lambda connection: connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"))
    yield opened
    await opened.close()


def _with_constraints(connection: apsw.Connection, askers: Sequence[None]) -> Sequence[None]:
    """For changes that only a COMMIT can refuse."""
    connection.pragma("foreign_keys", 1)
    return askers


def note(text: str) -> Callable[[apsw.Connection], str]:
    def apply(connection: apsw.Connection) -> str:
        connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
        return text

    return apply


def an_orphan(connection: apsw.Connection) -> None:
    """A change that only the COMMIT can refuse; SQLite then leaves the transaction open."""
    connection.execute("PRAGMA defer_foreign_keys = ON")
    connection.execute("INSERT INTO delivery_keys (lane, key, seq) VALUES ('a lane', 'a key', 999)")


def _all_notes(connection: apsw.Connection, texts: object) -> list[str]:
    assert isinstance(texts, list)
    return [note(text)(connection) for text in texts]


def notes(path: Path) -> list[str]:
    connection = open_for_reading(path)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY id")]
    finally:
        connection.close()


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


async def test_the_room_that_a_long_reading_took_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    wal = path.with_name("leadbridge.db-wal")
    store = SqliteStore(path, disk_reserve=0)
    reading = open_for_reading(path)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM requests").fetchall()
    body = b"x" * JOURNAL_LIMIT
    await store.accept(new_request(body=body))
    await store.accept(new_request(body=body))
    assert wal.stat().st_size > 2 * JOURNAL_LIMIT, "what is read there stays"
    reading.close()
    await store.accept(new_request())  # folds it into the file
    await store.accept(new_request())  # begins it anew
    assert wal.stat().st_size == JOURNAL_LIMIT
    await store.close()


class Held:
    """A change that keeps the writer's thread busy until a test lets it go, so that all others wait for one batch."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go = threading.Event()

    def __call__(self, _connection: apsw.Connection) -> None:
        self.reached.set()
        self.go.wait(PATIENCE)


async def in_one_batch(writer: Writer, *changes: Callable[[apsw.Connection], object]) -> list[object]:
    """Have these changes committed together; what each caller got."""
    held = Held()
    first = asyncio.create_task(writer.run(held))
    await asyncio.to_thread(held.reached.wait, PATIENCE)
    waiting = [asyncio.create_task(writer.run(change)) for change in changes]
    await asyncio.sleep(0)  # each has put its change into the queue
    held.go.set()
    async with asyncio.timeout(PATIENCE):
        await first
        return await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_commit_is_synced_to_the_disk_before_it_is_answered(writer: Writer) -> None:
    settings = await writer.run(
        lambda connection: [connection.pragma(name) for name in ("synchronous", "journal_mode")]
    )
    assert settings == [2, "wal"]  # 2 is FULL


async def test_an_answered_change_is_seen_by_another_connection(writer: Writer, tmp_path: Path) -> None:
    assert await writer.run(note("kept")) == "kept"
    assert notes(tmp_path / "written.db") == ["kept"]


async def test_a_commit_that_fails_is_told_to_all_who_were_in_it_and_the_next_one_works(
    writer: Writer, tmp_path: Path
) -> None:
    outcomes = await in_one_batch(writer, note("lost"), an_orphan, note("lost too"))
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3
    assert await writer.run(note("next")) == "next"
    assert notes(tmp_path / "written.db") == ["next"]


async def test_a_file_that_cannot_even_be_rolled_back_is_opened_anew(writer: Writer, tmp_path: Path) -> None:
    def broken(connection: apsw.Connection) -> None:
        connection.exec_trace = lambda _cursor, sql, _bindings: sql != "ROLLBACK"  # False aborts the statement
        an_orphan(connection)

    outcomes = await in_one_batch(writer, note("lost"), broken)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 2
    assert await writer.run(note("next")) == "next"
    assert await writer.run(lambda connection: connection.exec_trace) is None, "this is another connection"
    assert await writer.run(lambda connection: connection.pragma("synchronous")) == 2
    assert notes(tmp_path / "written.db") == ["next"]


async def test_a_file_that_cannot_be_opened_anew_is_tried_again_with_every_batch(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_path: Path) -> apsw.Connection:
        raise StorageUnavailable("the folder is gone")

    def broken(connection: apsw.Connection) -> None:
        connection.exec_trace = lambda _cursor, sql, _bindings: sql != "ROLLBACK"
        an_orphan(connection)

    with monkeypatch.context() as patched:
        patched.setattr("leadbridge.store.sqlite.writer.open_for_writing", gone)
        for change in (broken, note("lost")):
            with pytest.raises(StorageUnavailable):
                await asyncio.wait_for(writer.run(change), PATIENCE)
    await asyncio.wait_for(writer.run(note("next")), PATIENCE)
    assert notes(tmp_path / "written.db") == ["next"]


@pytest.mark.parametrize(
    "trouble", [apsw.CantOpenError("no"), apsw.NoMemError("no"), apsw.PermissionsError("no"), OSError(24, "too many")]
)
async def test_trouble_with_the_file_or_the_machine_is_nobodys_mistake_and_is_told_to_all(
    writer: Writer, tmp_path: Path, trouble: Exception
) -> None:
    def broken(_connection: apsw.Connection) -> None:
        raise trouble

    outcomes = await in_one_batch(writer, note("lost"), broken)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 2
    assert await writer.run(note("next")) == "next"
    assert notes(tmp_path / "written.db") == ["next"]


async def test_an_error_that_nobody_foresaw_does_not_end_the_thread(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor(_path: Path) -> apsw.Connection:
        raise OSError(24, "Too many open files")

    def broken(connection: apsw.Connection) -> None:
        connection.exec_trace = lambda _cursor, sql, _bindings: sql != "ROLLBACK"
        an_orphan(connection)

    with monkeypatch.context() as patched:
        patched.setattr("leadbridge.store.sqlite.writer.open_for_writing", no_descriptor)
        for change in (broken, note("lost")):
            with pytest.raises(StorageUnavailable):
                await asyncio.wait_for(writer.run(change), PATIENCE)
    assert writer.is_alive
    assert await asyncio.wait_for(writer.run(note("next")), PATIENCE) == "next"


async def test_a_store_whose_thread_has_ended_takes_nothing_and_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    await store._writer.close()
    with pytest.raises(StorageUnavailable, match="has ended"):
        store.check()
    await store.close()


async def test_what_gathered_is_committed_at_a_close_however_much_it_is(writer: Writer, tmp_path: Path) -> None:
    held = Held()
    first = asyncio.create_task(writer.run(held))
    await asyncio.to_thread(held.reached.wait, PATIENCE)
    many = [writer.run_together(_all_notes, str(number)) for number in range(2 * MOST_IN_ONE_COMMIT + 1)]
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    held.go.set()
    async with asyncio.timeout(PATIENCE):
        await closing
        await first
        assert len(await asyncio.gather(*many)) == len(many)
    assert len(notes(tmp_path / "written.db")) == len(many)


async def test_what_one_turn_of_the_event_loop_brings_is_one_commit(writer: Writer) -> None:
    """The first change too: nothing is under way, and alone it would have the others wait for a commit of its own."""
    together: list[int] = []

    def count(_connection: apsw.Connection, some: Sequence[object]) -> Sequence[object]:
        together.append(len(some))
        return some

    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*(writer.run_together(count, number) for number in range(3))) == [0, 1, 2]
        await writer.run_together(count, 3)
    assert together == [3, 1]


async def test_a_change_that_fails_undoes_itself_alone(writer: Writer, tmp_path: Path) -> None:
    def half(connection: apsw.Connection) -> None:
        note("half done")(connection)
        raise ValueError("a mistake")

    outcomes = await in_one_batch(writer, note("before"), half, note("after"))
    assert outcomes[0::2] == ["before", "after"]
    assert isinstance(outcomes[1], ValueError)
    assert notes(tmp_path / "written.db") == ["before", "after"]


async def test_what_is_applied_together_and_fails_is_tried_one_by_one(writer: Writer, tmp_path: Path) -> None:
    def all_notes(connection: apsw.Connection, texts: object) -> list[str]:
        assert isinstance(texts, list)
        for text in texts:
            note(text)(connection)
        if "bad" in texts:
            raise ValueError("one of these is bad")
        return [f"{text} of {len(texts)}" for text in texts]

    held = Held()
    first = asyncio.create_task(writer.run(held))
    await asyncio.to_thread(held.reached.wait, PATIENCE)
    waiting = [writer.run_together(all_notes, text) for text in ("a", "bad", "b")]
    await asyncio.sleep(0)
    held.go.set()
    await first
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert outcomes[0::2] == ["a of 1", "b of 1"]
    assert isinstance(outcomes[1], ValueError)
    assert notes(tmp_path / "written.db") == ["a", "b"]


async def test_a_caller_that_went_away_takes_nothing_from_the_others(writer: Writer, tmp_path: Path) -> None:
    held = Held()
    first = asyncio.create_task(writer.run(held))
    await asyncio.to_thread(held.reached.wait, PATIENCE)
    impatient, patient = (asyncio.create_task(writer.run(note(text))) for text in ("impatient", "patient"))
    await asyncio.sleep(0)
    impatient.cancel()
    held.go.set()
    async with asyncio.timeout(PATIENCE):
        await first
        assert await patient == "patient"
    assert notes(tmp_path / "written.db") == ["impatient", "patient"], "what was handed in stands"


async def test_a_close_commits_and_answers_what_waits_and_takes_no_more(writer: Writer, tmp_path: Path) -> None:
    held = Held()
    first = asyncio.create_task(writer.run(held))
    await asyncio.to_thread(held.reached.wait, PATIENCE)
    waiting = [asyncio.create_task(writer.run(note(text))) for text in ("a", "b")]
    await asyncio.sleep(0)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable, match="closed"):
        await asyncio.wait_for(writer.run(note("too late")), PATIENCE)
    held.go.set()
    async with asyncio.timeout(PATIENCE):
        await closing
        await first
        assert await asyncio.gather(*waiting) == ["a", "b"]
    assert notes(tmp_path / "written.db") == ["a", "b"]


async def test_after_a_full_disk_nothing_is_half_stored_and_with_space_all_goes_on(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    waiting = new_delivery("email:1")
    await add(store, waiting)
    pages = await store._writer.run(lambda connection: int(connection.pragma("page_count")))
    await store._writer.run(lambda connection: connection.pragma("max_page_count", pages + SMALL))
    before = await store.submissions(limit=1000)

    large = new_request(body=b"x" * 4096 * (SMALL + 10))
    with pytest.raises(StorageUnavailable, match="full"):
        await store.accept(large)
    assert await store.request(large.request_id) is None
    assert await store.submissions(limit=1000) == before

    accepted = await asyncio.gather(
        *(store.accept(new_request(body=b"x" * 4096)) for _ in range(2 * SMALL)), return_exceptions=True
    )
    taken = [one for one in accepted if isinstance(one, tuple)]
    assert {type(one) for one in accepted} <= {tuple, StorageUnavailable}
    assert len(await store.submissions(limit=1000)) == len(before) + len(taken)
    assert (await store.ledger()).balances

    await store._writer.run(lambda connection: connection.pragma("max_page_count", 1_000_000))
    await store.accept(large)
    assert await store.request(large.request_id) is not None
    assert ids(await claim(store)) == [waiting.delivery_id]
    assert (await store.ledger()).balances
    await store.close()


async def test_nobody_else_on_the_machine_may_read_what_it_makes(tmp_path: Path) -> None:
    path = tmp_path / "leads.db"
    store = SqliteStore(path)
    await store.accept(new_request())
    found = modes(tmp_path)
    await store.close()
    assert found == dict.fromkeys(("leads.db", "leads.db-wal", "leads.db-shm", "leads.db.lock"), 0o600)


async def test_the_mode_that_an_operator_gave_a_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "leads.db"
    path.touch()
    path.chmod(0o640)
    store = SqliteStore(path)
    await store.accept(new_request())
    found = modes(tmp_path)
    await store.close()
    assert found == {**dict.fromkeys(("leads.db", "leads.db-wal", "leads.db-shm"), 0o640), "leads.db.lock": 0o600}


async def test_whose_lock_was_removed_and_taken_by_another_owns_no_lane_any_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    lock = store._path.with_name(store._path.name + ".lock")
    lock.unlink()
    assert await own(store, "copper") == 1, "nobody else serves the file"
    other = claim_ownership(store._path)
    assert await store.own_lanes(["copper"], owner=OWNER) == {}
    assert await store.renew(OWNER) is None
    assert not await store.join(Process(name="another", accounts="all"), ["copper"], lease=FOREVER)
    other.close()
    await store.close()


async def test_asking_whether_something_changed_or_who_owns_a_lane_writes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    await add(store, new_delivery("email:1"))
    wal = tmp_path / "leadbridge.db-wal"
    before = wal.stat()
    for _ in range(3):
        await store.changed_elsewhere()
        await own(store, "copper")
    written = wal.stat().st_size - before.st_size
    for _ in range(3):
        await store.changed_elsewhere()
        await own(store, "copper")
        await store.renew(OWNER)
        await store.roll()
    assert wal.stat().st_size - before.st_size == written
    await store.close()
