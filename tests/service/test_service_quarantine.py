"""A secret that was wrong in the configuration: what came meanwhile is set aside, and taken in once it is mended."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet

from leadbridge.commands.format import Format
from leadbridge.commands.reverifying import reverify
from leadbridge.deliver.deliverer import WATCH
from leadbridge.errors import ConfigError, StorageUnavailable, UsageError
from leadbridge.events import Received
from leadbridge.ids import first_id
from leadbridge.quarantine import AT_ONCE, FULL_FOR, SAID_EVERY, Leftovers, Quarantine, sealed
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from leadbridge.store.opening import Operator, open_operator, open_quarantine
from leadbridge.store.quarantine import QuarantineStore, SealedRequest
from leadbridge.tokens import Sealing
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, ENVIRON, TOKEN, Running, running

KEY = Fernet.generate_key().decode()
SET_ASIDE = CONFIG.replace(
    '    verify: {scheme: token, secrets: ["${TOKEN}"]}\n',
    '    verify: {scheme: token, secrets: ["${TOKEN}"]}\n    quarantine: 3\n',
    1,
)
MENDED = {**ENVIRON, "TOKEN": "the sender's own"}


@pytest.fixture
async def aside(store: Store, database_url: str) -> AsyncIterator[QuarantineStore]:
    store.check()
    opened = open_quarantine(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def service(store: Store, database_url: str, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    log: Any = journal
    quarantine = Quarantine(open_quarantine(database_url), Sealing([KEY]), clock=clock, log=log)
    async with running(store, clock, journal, config=SET_ASIDE, quarantine=quarantine) as started:
        yield started


@pytest.fixture
async def operator(store: Store, database_url: str) -> AsyncIterator[Operator]:
    store.check()
    opened = open_operator(database_url)
    yield opened
    await opened.close()


def lead(number: int) -> bytes:
    return json.dumps({"name": f"Ann {number}", "email": f"ann{number}@example.com"}).encode()


async def looked(aside: QuarantineStore, operator: Operator, *, key: str = KEY, **asked: Any) -> bool:
    return await reverify(
        asked.get("source", "website"),
        load_text(asked.get("config", SET_ASIDE), "mended", asked.get("environ", MENDED)),
        quarantine=aside,
        operator=operator,
        sealing=Sealing([key]),
        drop=asked.get("drop", False),
        dry_run=asked.get("dry_run", False),
        output=Format.JSON,
    )


async def test_after_the_secret_is_mended_each_lead_is_delivered_once(
    service: Running,
    store: Store,
    clock: ManualClock,
    aside: QuarantineStore,
    operator: Operator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in (1, 2):
        clock.advance(1)  # so that their ids have an order
        response = await service.post(lead(number), token="the sender's own")
        assert (response.status_code, response.json()["title"]) == (401, "Unauthorized")
    forged = await service.post(lead(3), token="forged")
    assert forged.status_code == 401
    assert await store.submissions(limit=10) == ()

    assert not await looked(aside, operator), "one still is not proved"
    assert json.loads(capsys.readouterr().out) == {
        "source": "website", "requests": 2, "submissions": 2, "duplicates": 0, "still_refused": {"wrong_token": 1},
        "dropped": 0, "dry_run": False,
    }  # fmt: skip
    clock.advance(WATCH)
    lines = await service.journal.seen("delivery.attempted", count=2)
    assert [line["outcome"] for line in lines] == ["delivered"] * 2
    rows = await store.submissions(limit=10)
    request = await store.request(rows[-1].request_id)
    assert request is not None
    assert (request.body, request.headers["x-webhook-token"]) == (lead(1), "•••")

    assert await looked(aside, operator, drop=True)
    assert await aside.counts() == {}
    assert len(await store.submissions(limit=10)) == 2


async def test_two_who_look_at_once_take_each_in_once(
    service: Running, store: Store, aside: QuarantineStore, operator: Operator, database_url: str
) -> None:
    for number in range(3):
        await service.post(lead(number), token="the sender's own")
    other = open_operator(database_url)
    assert all(await asyncio.gather(looked(aside, operator), looked(aside, other)))
    await other.close()
    assert len(await store.submissions(limit=10)) == 3


async def test_a_look_that_changes_nothing_says_what_it_would(
    service: Running, store: Store, aside: QuarantineStore, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    await service.post(lead(1), token="the sender's own")
    assert await looked(aside, operator, dry_run=True)
    assert json.loads(capsys.readouterr().out)["requests"] == 1
    assert await store.submissions(limit=10) == ()
    assert await aside.counts() == {"website": 1}


async def test_what_was_said_of_the_request_is_not_in_the_database_in_clear(
    service: Running, aside: QuarantineStore
) -> None:
    await service.post(lead(1), token="the sender's own", headers={"authorization": "Bearer hush"})
    (kept,) = await aside.kept("website", limit=9)
    assert (kept.source, kept.reason) == ("website", "wrong_token")
    for secret in (b"the sender's own", b"hush", b"ann1@example.com"):
        assert secret not in kept.sealed
    assert "sealed" not in repr(kept)


async def test_another_key_is_said_plainly_and_takes_nothing_away(
    service: Running, aside: QuarantineStore, operator: Operator
) -> None:
    await service.post(lead(1), token="the sender's own")
    with pytest.raises(ConfigError, match="LEADBRIDGE_SECRET_KEY does not open request"):
        await looked(aside, operator, key=Fernet.generate_key().decode(), drop=True)
    assert await aside.counts() == {"website": 1}


def received(body: bytes, at: int, *, content_type: str = "application/json", token: str = MENDED["TOKEN"]) -> Received:
    headers = {"content-type": content_type, "x-webhook-token": token}
    url = "http://leads.test/hooks/website"
    return Received(source="website", method="POST", url=url, headers=headers, body=body, received_at=at)


async def put(aside: QuarantineStore, one: Received, *, key: str = KEY) -> None:
    assert await aside.keep(sealed(Sealing([key]), one, reason="wrong_token"), most=10)


NOW = 1_796_000_000_000


async def test_a_key_that_is_lost_keeps_nothing_else_back(
    aside: QuarantineStore, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Fernet.generate_key().decode()
    await put(aside, received(lead(1), NOW), key=lost)
    await put(aside, received(lead(2), NOW))
    assert not await looked(aside, operator)
    assert json.loads(capsys.readouterr().out)["still_refused"] == {"wrong_key": 1}
    assert await aside.counts() == {"website": 1}
    await put(aside, received(lead(3), NOW, token="forged"))
    assert await looked(aside, operator, drop=True)
    assert await aside.counts() == {}


async def test_the_window_is_counted_by_arrival(
    aside: QuarantineStore, operator: Operator, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    config = SET_ASIDE.replace("    quarantine: 3\n", "    quarantine: 3\n    dedupe_window: 10m\n")
    for at in (NOW, NOW + 60_000, NOW + 2 * 86_400_000):
        await put(aside, received(lead(1), at))
    assert await looked(aside, operator, config=config)
    told = json.loads(capsys.readouterr().out)
    assert (told["submissions"], told["duplicates"]) == (3, 1)
    ids = sorted(row.id for row in await store.submissions(limit=10))
    assert first_id(NOW) <= ids[0] < first_id(NOW + 1)


async def test_what_receive_would_not_store_is_not_stored_later(
    aside: QuarantineStore, operator: Operator, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await put(aside, received(b"<xml/>", NOW, content_type="application/xml"))
    assert not await looked(aside, operator)
    assert json.loads(capsys.readouterr().out)["still_refused"] == {"unreadable": 1}
    assert await store.submissions(limit=10) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('verify: {scheme: token, secrets: ["${TOKEN}"]}', "verify: none"), "`website` has `verify: none`"),
        (("website", "webpage"), "no source `website`, so nothing of it is proved; `--drop` deletes its 1 request"),
    ],
    ids=["verify: none", "no longer there"],
)
async def test_of_a_source_that_proves_nothing_all_is_dropped_and_nothing_taken_in(
    aside: QuarantineStore, operator: Operator, store: Store, change: tuple[str, str], said: str
) -> None:
    config = SET_ASIDE.replace("    quarantine: 3\n", "").replace(*change)
    await put(aside, received(lead(1), NOW))
    with pytest.raises(UsageError, match=said):
        await looked(aside, operator, config=config)
    await looked(aside, operator, config=config, drop=True, dry_run=True)
    assert await aside.counts() == {"website": 1}
    assert await looked(aside, operator, config=config, drop=True)
    assert (await aside.counts(), await store.submissions(limit=10)) == ({}, ())


async def test_at_a_full_quarantine_nothing_is_sealed(
    aside: QuarantineStore, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: Any = journal
    quarantine = Quarantine(aside, Sealing([KEY]), clock=clock, log=log)
    sizes: list[int] = []
    seal = Sealing.seal

    def counting(sealing: Sealing, content: bytes) -> bytes:
        sizes.append(len(content))
        return seal(sealing, content)

    monkeypatch.setattr(Sealing, "seal", counting)
    for body in (lead(1), b"x" * 100_000, lead(3), lead(4)):
        await quarantine.keep(received(body, NOW), reason="wrong_token", most=1)
    assert len(sizes) == 2, "the one that is kept, and the one that finds no room"
    await aside.drop([one.id for one in await aside.kept("website", limit=9)])
    clock.advance(FULL_FOR)
    await quarantine.keep(received(b"y" * 100_000, NOW), reason="wrong_token", most=1)
    assert await aside.counts() == {"website": 1}


@pytest.mark.parametrize(("size", "elsewhere"), [(1_000, False), (100_000, True)])
async def test_a_large_request_is_sealed_while_others_are_answered(
    size: int, elsewhere: bool, aside: QuarantineStore, clock: ManualClock, journal: Journal
) -> None:
    log: Any = journal
    sealed_in: list[threading.Thread] = []

    class Watched(Sealing):
        def seal(self, content: bytes) -> bytes:
            sealed_in.append(threading.current_thread())
            return super().seal(content)

    quarantine = Quarantine(aside, Watched([KEY]), clock=clock, log=log)
    await quarantine.keep(received(b"x" * size, NOW), reason="wrong_token", most=1)
    assert [thread is not threading.main_thread() for thread in sealed_in] == [elsewhere]


async def test_no_more_are_set_aside_than_the_source_says_and_it_is_said_now_and_then(
    service: Running, clock: ManualClock, aside: QuarantineStore
) -> None:
    for number in range(6):
        assert (await service.post(lead(number), token="forged")).status_code == 401
    assert await aside.counts() == {"website": 3}
    (line,) = await service.journal.seen("quarantine.left_out")
    assert (line["source"], line["problem"]) == ("website", "the quarantine is full")
    clock.advance(SAID_EVERY)
    await service.post(lead(7), token="forged")
    assert (await service.journal.seen("quarantine.left_out", count=2))[-1]["requests"] == 3


async def test_one_after_the_other_as_many_are_set_aside_as_there_is_room(
    aside: QuarantineStore, clock: ManualClock, journal: Journal
) -> None:
    log: Any = journal
    quarantine = Quarantine(aside, Sealing([KEY]), clock=clock, log=log)
    for number in range(AT_ONCE + 2):
        await quarantine.keep(received(lead(number), NOW), reason="wrong_token", most=100)
    assert await aside.counts() == {"website": AT_ONCE + 2}


async def test_a_source_that_asks_for_none_sets_nothing_aside(service: Running, aside: QuarantineStore) -> None:
    assert (await service.post(lead(1), source="partner")).status_code == 401
    assert await aside.counts() == {}


async def test_an_unknown_source_is_refused(aside: QuarantineStore, operator: Operator) -> None:
    with pytest.raises(UsageError, match="no source `websit`; did you mean `website`"):
        await looked(aside, operator, source="websit")


class Stuck:
    """A quarantine whose database does not answer, or fails."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.all_asked = asyncio.Event()
        self.asked = 0

    async def keep(self, request: SealedRequest, *, most: int) -> bool:
        del most
        if request.source == "full":
            return False
        self.asked += 1
        if self.asked == AT_ONCE:
            self.all_asked.set()
        await self.gate.wait()
        raise StorageUnavailable("the disk is full")

    async def counts(self) -> dict[str, int]:
        raise StorageUnavailable("the disk is full")

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_start_says_what_waits_and_what_nobody_asks_for_any_more_goes_with_time(
    store: Store, database_url: str, aside: QuarantineStore, clock: ManualClock, journal: Journal
) -> None:
    log: Any = journal
    quarantine = Quarantine(open_quarantine(database_url), Sealing([KEY]), clock=clock, log=log)
    async with running(store, clock, journal, config=SET_ASIDE, quarantine=quarantine) as service:
        await service.post(lead(1), token="forged")
    assert journal.find("quarantine.waiting") == []
    again = Quarantine(open_quarantine(database_url), Sealing([KEY]), clock=clock, log=log)
    async with running(store, clock, journal, config=SET_ASIDE, quarantine=again):
        (waiting,) = journal.find("quarantine.waiting")
        assert (waiting["source"], waiting["requests"]) == ("website", 1)
    left = Leftovers(lambda: open_quarantine(database_url), log=log)
    async with running(store, clock, journal, config=CONFIG, quarantine=left) as service:
        assert len(journal.find("quarantine.waiting")) == 2
        await service.post(lead(2), token="forged")
        assert await aside.counts() == {"website": 1}, "nothing is set aside any more"
        await left.forget(clock.now() + 1)
    assert await aside.counts() == {}
    (pruned,) = journal.find("quarantine.pruned")
    assert pruned["requests"] == 1


async def test_a_flood_waits_for_no_database_and_trouble_changes_no_answer(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    stuck, log = Stuck(), journal
    quarantine = Quarantine(stuck, Sealing([KEY]), clock=clock, log=log)  # type: ignore[arg-type]
    async with running(store, clock, journal, config=SET_ASIDE, quarantine=quarantine) as service:
        first = [asyncio.create_task(service.post(lead(number), token="forged")) for number in range(AT_ONCE)]
        await stuck.all_asked.wait()
        assert (await service.post(lead(9), token="forged")).status_code == 401
        assert (await service.post(lead(9), token=TOKEN)).status_code == 202
        stuck.gate.set()
        assert {response.status_code for response in await asyncio.gather(*first)} == {401}


async def test_each_source_is_said_with_its_own_reason(clock: ManualClock, journal: Journal) -> None:
    log: Any = journal
    store = Stuck()
    store.gate.set()
    quarantine = Quarantine(store, Sealing([KEY]), clock=clock, log=log)  # type: ignore[arg-type]
    for source in ("website", "partner", "full"):
        await quarantine.keep(replace(received(lead(1), NOW), source=source), reason="wrong_token", most=3)
    clock.advance(SAID_EVERY)
    await quarantine.keep(replace(received(lead(1), NOW), source="partner"), reason="wrong_token", most=3)
    lines = journal.find("quarantine.left_out")
    assert [(line["source"], line["problem"], line["requests"]) for line in lines] == [
        ("website", "the disk is full", 1), ("partner", "the disk is full", 2), ("full", "the quarantine is full", 1),
    ]  # fmt: skip
