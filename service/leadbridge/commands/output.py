"""How commands speak: tables and words for people, JSON for programs, colour only on a terminal.

What a stranger wrote goes through `harmless`, and is put together as `Text`: neither rich's markup nor an escape
sequence in a name does anything.
"""

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from leadbridge.clock import Millis
from leadbridge.commands.states import STYLES
from leadbridge.masking import harmless
from leadbridge.settings.problem import Problem

Words: TypeAlias = str | Text | tuple[str, str]  # plain, put together, or with a style

_WIDE: Final = 100_000  # columns of a pipe or a file
# `json` escapes control characters below U+0020 alone.
_HOSTILE_IN_JSON: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more (`| head`): end quietly, and as good as we were."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


out: Final = _Console(highlight=False, emoji=False)
err: Final = _Console(highlight=False, emoji=False, stderr=True)


def text(*parts: Words) -> Text:
    """Parts as one text that nothing in them can break."""
    made = Text()
    for part in parts:
        if isinstance(part, Text):
            made.append_text(part)
        elif isinstance(part, tuple):
            made.append(harmless(part[0]), style=part[1])
        else:
            made.append(harmless(part))
    return made


def say(*parts: Words, to: Console = out) -> None:
    """Print a line of words, as long as it is: it can be copied whole."""
    to.print(text(*parts), soft_wrap=True)


def say_problems(problems: Iterable[Problem], warnings: Iterable[Problem], *, to: Console = out) -> None:
    """A line each, beginning with its place, so that editors find it; warnings say that they are some."""
    for problem in problems:
        say(str(problem), to=to)
    for warning in warnings:
        say(("warning: ", "yellow"), str(warning), to=to)


def show(thing: RenderableType) -> None:
    """Print a table: as wide as the terminal, and in full lines elsewhere, which end without spaces."""
    if not out.is_terminal:
        out.width = _WIDE
    with out.capture() as drawn:
        out.print(thing)
    _write("\n".join(line.rstrip() for line in drawn.get().rstrip("\n").split("\n")))


def show_json(value: Any) -> None:
    """Print a value as indented JSON; integers keep every digit, whatever their size."""
    document = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    _write(_HOSTILE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document))


def table(*columns: str) -> Table:
    """An empty table in the one style we use."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def facts(*, indent: int) -> Table:
    """An empty list of names and what is to be said of each, one under the other."""
    made = Table.grid(padding=(0, 2, 0, indent), pad_edge=True)
    made.add_column(no_wrap=True, style="dim", min_width=10)
    made.add_column(overflow="fold")
    return made


def state(name: str) -> Text:
    """A state's name in its colour; in none, for a state without one."""
    return text((name, STYLES.get(name, "")))


def moment(at: Millis) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def listed(parts: Iterable[Text], *, between: str = ", ") -> Text:
    """All texts in one, with `between` between two of them."""
    return Text(between).join(parts)


def counted(number: int, what: str) -> str:
    """A number with its word: `1 route`, `2 routes`, `2 deliveries`."""
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def _plain(value: Any) -> Any:
    """A value of ours as what JSON knows; bytes that are no text are shown by their escapes."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    raise TypeError(f"{type(value).__name__} cannot be shown as JSON")


def _write(written: str) -> None:
    try:
        out.file.write(f"{written}\n")
        out.file.flush()
    except BrokenPipeError:
        out.on_broken_pipe()
