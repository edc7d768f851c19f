"""The readers of the source see what they are meant to see: a list that is compared with nothing proves nothing."""

from pathlib import Path

import pytest

from tests.docs.source import exit_codes, log_lines, messages, statuses

WRITTEN = """
from http import HTTPStatus
from typing import Final

STARTED: Final = "service.started"
WRONG: Final = 2
TOO_LARGE: Final = (431, "Request Header Fields Too Large", "Send less.")


class Stage:
    def run(self, error, things):
        {body}
"""


def written(folder: Path, body: str) -> Path:
    path = folder / "stage.py"
    path.write_text(WRITTEN.format(body=body.replace("\n", "\n        ")))
    return path


@pytest.mark.parametrize(
    ("body", "event", "levels", "fields"),
    [
        ('self._log.info("a.b", one=1)', "a.b", {"info"}, {"one"}),
        ('log.exception("a.b", source=1)', "a.b", {"error"}, {"source"}),
        ('self._bench.log.error("a.b", exc_info=error)', "a.b", {"error"}, set()),
        ("self._log.info(STARTED)", "service.started", {"info"}, set()),
        ('self._log.info(f"a.{error}", one=1)', None, {"info"}, {"one"}),
        ('self._log.info("a." + error)', None, {"info"}, set()),
        ('say = self._log.warning if error else self._log.info\nsay("a.b")', "a.b", {"warning", "info"}, set()),
        ('self._log.info("a.b", **({"of": 1} if error else {}))', "a.b", {"info"}, {"of"}),
        ('facts = {"x": 1}\nfacts |= {"y": 2}\nself._log.info("a.b", **facts)', "a.b", {"info"}, {"x", "y"}),
        ('facts: dict = {"x": 1}\nfacts["z"] = 3\nlog.info("a.b", **facts, w=1)', "a.b", {"info"}, {"x", "z", "w"}),
        (
            'facts = {"x": 1}\nself._log.info("a.b", **{k: v for k, v in facts.items() if v})',
            "a.b", {"info"}, {"x"},
        ),
    ],
)  # fmt: skip
def test_a_call_that_logs_is_read(
    tmp_path: Path, body: str, event: str | None, levels: set[str], fields: set[str]
) -> None:
    (line,) = log_lines(written(tmp_path, body))
    assert (line.event, set(line.levels), set(line.fields)) == (event, levels, fields)


@pytest.mark.parametrize("body", ['things.info("a.b")', "math.log(2)", "self._log.bind(x=1)"])
def test_a_call_of_another_thing_is_not(tmp_path: Path, body: str) -> None:
    assert list(log_lines(written(tmp_path, body))) == []


def test_statuses_are_read_by_name_and_as_written_out(tmp_path: Path) -> None:
    assert statuses(written(tmp_path, "return HTTPStatus.NOT_FOUND")) == {404, 431}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("raise SystemExit(3)", {3}),
        ("raise typer.Exit(WRONG)", {2}),
        ("raise typer.Exit(WRONG if error else 1)", {1, 2}),
        ("sys.exit(128 + signal.SIGTERM)", {143}),
        ("raise typer.Exit", set()),
    ],
)
def test_exit_codes_are_read(tmp_path: Path, body: str, codes: set[int]) -> None:
    assert exit_codes(written(tmp_path, body)) == codes


def test_messages_are_read_with_a_mark_for_what_is_filled_in(tmp_path: Path) -> None:
    path = written(tmp_path, 'raise UsageError(f"no {error}: " "said")\nraise Other("nothing")')
    assert messages(path, "UsageError") == {"no …: said"}
    assert messages(path, "UsageError", within="run") == {"no …: said"}
