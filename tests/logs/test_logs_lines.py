"""The form of a log line: JSON for machines, words for people, and nothing private in either."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import BaseModel, SecretStr

from leadbridge import logs
from leadbridge.lead import Lead
from leadbridge.lines import Lines
from leadbridge.supervise import keep_running

QUIET = ("python_multipart", "asyncpg.pool")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root, quiet = logging.getLogger(), [logging.getLogger(name) for name in QUIET]
    before = root.handlers[:], root.level, [one.level for one in quiet]
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for one, level in zip(quiet, before[2], strict=True):
        one.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    made = io.StringIO()
    logs.configure(stream=made)
    return made


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


PLANTED = "planted-secret"
ADDRESS = "Ann Lee, 12 Main St"


def crash(secret: str) -> None:
    held = SecretStr(secret)
    raise RuntimeError(f"it broke with {len(held)} characters")


def test_an_event_is_one_json_object_with_its_level_and_time(stream: io.StringIO) -> None:
    structlog.get_logger().info("delivery.attempted", status=200, lane="copper:api:ops@example.com")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "delivery.attempted",
        "level": "info",
        "status": 200,
        "lane": "copper:api:ops@example.com",
    }


def test_what_models_declare_is_masked(stream: io.StringIO) -> None:
    structlog.get_logger().info("seen", lead=Lead(name="Ann Lee", status="New"), token=SecretStr("hush"))
    (line,) = lines(stream)
    assert line["lead"] == {"name": "•••", "status": "New"}
    assert line["token"] == "•••"


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("Lead ann.lee+x@example.co.uk exists", "Lead ••• exists"),
        ("phone +1 (415) 555-0132 is taken", "phone ••• is taken"),
        ("POST https://leads.example.com/hooks/a?key=hush failed", "POST https://leads.example.com/hooks/a?••• failed"),
        ("HTTP 429 at 2026-11-21T10:00:00+00:00", "HTTP 429 at 2026-11-21T10:00:00+00:00"),
        ("is it? yes", "is it? yes"),
    ],
)
def test_what_others_say_is_logged_without_the_person(stream: io.StringIO, said: str, logged: str) -> None:
    structlog.get_logger().warning("delivery.attempted", detail=said, more={"words": [said]})
    logging.getLogger("uvicorn.error").warning(said)
    ours, theirs = lines(stream)
    assert ours["detail"] == theirs["event"] == logged
    assert ours["more"] == {"words": [logged]}


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_an_exception_is_told_with_its_lines_and_without_local_variables(kind: type[io.StringIO]) -> None:
    stream = kind()
    logs.configure(stream=stream)
    try:
        crash(PLANTED)
    except RuntimeError:
        structlog.get_logger().exception("lane.crashed")
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    told = stream.getvalue()
    assert told.count("RuntimeError: it broke with 14 characters") == 2
    assert told.count("in crash") == 2
    assert PLANTED not in told


def test_what_pydantic_refused_is_not_quoted(stream: io.StringIO) -> None:
    class Form(BaseModel):
        age: int

    try:
        Form.model_validate({"age": ADDRESS})
    except ValueError as error:
        structlog.get_logger().error("request.crashed", exc_info=error)
    (line,) = lines(stream)
    assert "input_value=•••, input_type=str" in line["exception"]
    assert ADDRESS not in line["exception"]


@pytest.mark.parametrize("library", ["uvicorn.error", "aiohttp.client", "asyncio"])
def test_the_logs_of_libraries_have_the_same_form_and_only_their_warnings(stream: io.StringIO, library: str) -> None:
    logging.getLogger(library).info("Started server process [%d]", 1)
    logging.getLogger(library).warning("Invalid HTTP request received %d times.", 2)
    (line,) = lines(stream)
    assert {name: line[name] for name in ("event", "level", "logger")} == {
        "event": "Invalid HTTP request received 2 times.",
        "level": "warning",
        "logger": library,
    }


@pytest.mark.parametrize("library", QUIET)
def test_what_we_say_ourselves_a_library_does_not_say_again(stream: io.StringIO, library: str) -> None:
    logging.getLogger(library).warning("Failed to restore the pool connection floor; retrying")
    logging.getLogger(library).error("It is broken.")
    (line,) = lines(stream)
    assert line["event"] == "It is broken."


def test_a_warning_of_python_is_a_line_too(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("it is old", ResourceWarning, stacklevel=1)
    (line,) = lines(stream)
    assert "it is old" in line["event"]


def test_the_level_is_kept(stream: io.StringIO) -> None:
    structlog.get_logger().debug("noise")
    assert stream.getvalue() == ""


def test_a_terminal_gets_words_in_colour_and_no_power_over_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    logs.configure(stream=(stream := Terminal()))
    structlog.get_logger().info("submission.accepted", source="a\x1b]0;owned\x07\nb")
    told = stream.getvalue()
    assert "\x1b[" in told
    assert "submission.accepted" in told
    assert "\x1b]0" not in told
    assert "\x07" not in told
    assert told.count("\n") == 1


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    logs.configure(stream=(stream := Terminal()))
    structlog.get_logger().info("service.started")
    assert "service.started" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_it_goes_to_stderr_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    logs.configure()
    structlog.get_logger().info("service.started")
    assert lines(stream)[0]["event"] == "service.started"


def test_words_that_are_no_text_are_logged_all_the_same(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    error = RuntimeError("half a pair: \ud800")
    log.error("stage.crashed", stage="mapper", key={1: "\udfff"}, exc_info=error)
    # Not through a logger: what the test runner catches of it, it could not pass on.
    ours = [one for one in logging.getLogger().handlers if isinstance(getattr(one, "stream", None), Lines)]
    (handler,) = ours
    handler.emit(logging.LogRecord("library", logging.ERROR, __file__, 1, "it said \ud800", None, None))
    first, second = lines(stream)
    assert "RuntimeError: half a pair: \ud800" in first["exception"]
    assert second["event"] == "it said \ud800"


async def test_work_that_crashes_with_such_words_goes_on_under_the_real_log(stream: io.StringIO) -> None:
    runs: list[float] = []

    async def work() -> None:
        if not runs:
            raise RuntimeError("half a pair: \ud800")

    async def rest(seconds: float) -> None:
        runs.append(seconds)

    await keep_running(work, name="mapper", rest=rest, log=structlog.get_logger())
    assert len(runs) == 1


def test_the_name_that_a_stranger_gave_a_source_is_masked(stream: io.StringIO) -> None:
    structlog.get_logger().warning("request.refused", source="ann@example.com", status=404)
    (line,) = lines(stream)
    assert line["source"] == "•••"
