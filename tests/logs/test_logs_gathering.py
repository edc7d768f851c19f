"""Lines on their way out: gathered while the event loop turns, never lost, never late."""

import asyncio
import io
import threading
from typing import Any

import pytest

from leadbridge.lines import Lines


class Counting(io.StringIO):
    """A stream that counts how often it is written to and flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = self.flushes = 0

    def write(self, text: str, /) -> int:
        self.writes += 1
        return super().write(text)

    def flush(self) -> None:
        self.flushes += 1


def say(lines: Lines, text: str) -> None:
    """As a logger does it."""
    lines.write(text)
    lines.flush()


def test_without_an_event_loop_a_line_is_written_at_once() -> None:
    stream = Counting()
    say(Lines(stream), "one\n")
    assert (stream.getvalue(), stream.writes, stream.flushes) == ("one\n", 1, 1)


async def test_the_lines_of_one_turn_of_the_loop_are_one_write_in_their_order() -> None:
    stream = Counting()
    lines = Lines(stream)
    for number in range(5):
        say(lines, f"{number}\n")
    assert stream.getvalue() == ""
    await asyncio.sleep(0)
    assert (stream.getvalue(), stream.writes, stream.flushes) == ("0\n1\n2\n3\n4\n", 1, 1)
    say(lines, "5\n")
    await asyncio.sleep(0)
    assert (stream.getvalue()[-2:], stream.writes) == ("5\n", 2)


async def test_a_line_of_another_thread_takes_those_that_wait_along() -> None:
    stream = Counting()
    lines = Lines(stream)
    say(lines, "ours\n")
    other = threading.Thread(target=say, args=(lines, "theirs\n"))
    other.start()
    other.join()
    assert stream.getvalue() == "ours\ntheirs\n"
    await asyncio.sleep(0)
    assert (stream.getvalue(), stream.writes) == ("ours\ntheirs\n", 1)


def test_what_a_loop_left_behind_is_written_with_the_next_line() -> None:
    stream = Counting()
    lines = Lines(stream)

    async def last_words() -> None:
        asyncio.get_running_loop().stop()
        say(lines, "last\n")

    loop = asyncio.new_event_loop()
    task: asyncio.Task[Any] = loop.create_task(last_words())
    loop.run_forever()
    assert task.done()
    loop.close()
    say(lines, "after\n")
    assert stream.getvalue() == "last\nafter\n"


@pytest.mark.parametrize("error", [BrokenPipeError, OSError(28, "No space left on device"), ValueError("closed")])
async def test_a_stream_that_refuses_lines_stops_nothing_and_gets_the_later_ones(error: Exception) -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))

    class Broken(Counting):
        def write(self, text: str, /) -> int:
            if "bad" in text:
                raise error
            return super().write(text)

    stream = Broken()
    lines = Lines(stream)
    say(lines, "bad\n")
    await asyncio.sleep(0)
    say(lines, "good\n")
    await asyncio.sleep(0)
    assert (stream.getvalue(), told) == ("good\n", [])


@pytest.mark.parametrize("many", [0, 1, 1_000])
async def test_every_line_is_written_exactly_once(many: int) -> None:
    stream = Counting()
    lines = Lines(stream)
    for number in range(many):
        say(lines, f"{number}\n")
        if number % 7 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    lines.write_out()
    assert stream.getvalue().split() == [str(number) for number in range(many)]
