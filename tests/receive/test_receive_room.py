"""Bodies that have not come whole share one bounded room, and give back what they took however they end."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from leadbridge import inbound
from leadbridge.errors import RequestRefused
from leadbridge.inbound import SMALL, Door, Room, read_request
from tests.receive.test_receive_bodies import piece
from tests.support.clock import ManualClock
from tests.support.patience import PATIENCE

DOOR = Door(public_url=None, max_body=2 * SMALL)
SIZE = 4 * DOOR.max_body  # of the room: four bodies of the allowed size


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(inbound, "LEAST_ROOM", 0)
    return Room(DOOR)


def is_empty(room: Room) -> bool:
    """Whether every byte of it is free, and no more."""
    whole = room.take(SIZE)
    more = room.take(1)
    room.give(SIZE)
    return whole and not more


class Sender:
    """A request that is read, and its pieces one by one."""

    def __init__(self, room: Room) -> None:
        self._pieces = asyncio.Queue[Message]()
        scope: dict[str, Any] = {"method": "POST", "path": "/hooks/website", "query_string": b"", "headers": []}
        reading = read_request(scope, self._pieces.get, source="website", door=DOOR, room=room, clock=ManualClock())
        self.reading = asyncio.create_task(reading)

    async def sends(self, *pieces: Message) -> None:
        """Send them, and let the service read all of them."""
        for one in pieces:
            self._pieces.put_nowait(one)
        for _ in range(2 * len(pieces) + 2):
            await asyncio.sleep(0)

    async def refused(self) -> RequestRefused:
        with pytest.raises(RequestRefused) as refused:
            async with asyncio.timeout(PATIENCE):
                await self.reading
        return refused.value


FULL = DOOR.max_body - SMALL  # bytes of the room that an unfinished body of the allowed size takes
ENDINGS = {
    "whole": (piece(b"", more=False), None),
    "cut off": ({"type": "http.disconnect"}, 400),
    "too large": (piece(b"x"), 413),
    "too large at its end": (piece(b"x", more=False), 413),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_body_gives_back_its_room_however_it_ends(room: Room, ending: str) -> None:
    last, status = ENDINGS[ending]
    sender = Sender(room)
    await sender.sends(*[piece(bytes(SMALL // 4))] * 8)
    assert not room.take(SIZE - FULL + 1)
    await sender.sends(last)
    if status is None:
        assert len((await sender.reading).body) == DOOR.max_body
    else:
        assert (await sender.refused()).http_status == status
    assert is_empty(room)


async def test_a_body_that_takes_too_long_gives_back_its_room(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "BODY_TIME", 0.01)
    sender = Sender(room)
    await sender.sends(piece(bytes(DOOR.max_body)))
    assert (await sender.refused()).http_status == 408
    assert is_empty(room)


async def test_a_service_that_stops_gives_back_the_room(room: Room) -> None:
    sender = Sender(room)
    await sender.sends(piece(bytes(DOOR.max_body)))
    sender.reading.cancel()
    await asyncio.gather(sender.reading, return_exceptions=True)
    assert is_empty(room)


async def test_a_body_that_finds_no_room_is_refused_and_can_come_again_later(room: Room) -> None:
    held = [Sender(room) for _ in range(SIZE // FULL)]
    for sender in held:
        await sender.sends(piece(bytes(DOOR.max_body)))
    late = Sender(room)
    await late.sends(piece(bytes(SMALL)), piece(b"x"))
    refusal = await late.refused()
    assert refusal.http_status == 503
    assert refusal.headers == {"Retry-After": "30", "Connection": "close"}
    assert "Send it again later" in refusal.detail
    await held.pop().sends(piece(b"", more=False))
    again = Sender(room)
    await again.sends(piece(bytes(SMALL)), piece(b"x"), piece(b"y", more=False))
    assert (await again.reading).body == bytes(SMALL) + b"xy"
    for sender in held:
        await sender.sends(piece(b"", more=False))
        assert len((await sender.reading).body) == DOOR.max_body
    assert is_empty(room)


async def test_small_bodies_and_those_that_come_in_one_piece_need_no_room(room: Room) -> None:
    assert room.take(SIZE)
    small, whole = Sender(room), Sender(room)
    await small.sends(piece(bytes(SMALL - 1)), piece(b"x"), piece(bytes(SMALL), more=False))
    await whole.sends(piece(bytes(DOOR.max_body), more=False))
    assert (await small.reading).body == bytes(SMALL - 1) + b"x" + bytes(SMALL)
    assert (await whole.reading).body == bytes(DOOR.max_body)
    assert not room.take(1)


def test_the_room_is_64_mib_or_four_of_the_largest_bodies() -> None:
    for max_body, size in ((1, 64), (16 * 1024 * 1024, 64), (100 * 1024 * 1024, 400)):
        room = Room(Door(public_url=None, max_body=max_body))
        assert room.take(size * 1024 * 1024)
        assert not room.take(1)
