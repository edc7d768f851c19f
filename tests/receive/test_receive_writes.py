"""How answers leave the server: what one turn of the loop wrote goes out together, in order, and nothing is kept."""

import asyncio
from typing import cast

import pytest

from leadbridge.http.joined import JoinedWrites

HEAD = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n"


class Wire:
    """A transport that notes what goes out."""

    def __init__(self) -> None:
        self.went: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.went.append(data)

    def close(self) -> None:
        self.went.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.went


@pytest.mark.parametrize("writes", [[HEAD, b"ok"], [HEAD, b""], [HEAD, b"o", b"k", HEAD, b"ok"]])
async def test_what_is_written_in_one_turn_is_one_write(writes: list[bytes]) -> None:
    wire = Wire()
    joined = JoinedWrites(wire)
    for data in writes:
        joined.write(data)
    assert wire.went == []
    await asyncio.sleep(0)
    assert wire.went == [b"".join(writes)]
    await asyncio.sleep(0)
    assert len(wire.went) == 1


async def test_what_comes_later_goes_out_later() -> None:
    wire = Wire()
    joined = JoinedWrites(wire)
    joined.write(HEAD)
    await asyncio.sleep(0)
    assert wire.went == [HEAD]
    joined.write(b"late")
    await asyncio.sleep(0)
    assert wire.went == [HEAD, b"late"]


async def test_a_close_sends_what_is_held() -> None:
    wire = Wire()
    joined = JoinedWrites(wire)
    joined.write(HEAD)
    joined.close()
    await asyncio.sleep(0)
    assert wire.went == [HEAD, "closed"]
    assert cast("Wire", joined).is_closing()


async def test_much_goes_out_at_once_so_that_the_transport_can_slow_its_writer_down() -> None:
    wire = Wire()
    joined = JoinedWrites(wire)
    joined.write(HEAD)
    joined.write(b"x" * 70_000)
    assert wire.went == [HEAD + b"x" * 70_000]
    joined.write(b"more")
    await asyncio.sleep(0)
    assert wire.went == [HEAD + b"x" * 70_000, b"more"]
