"""Logging: one structured line an event, JSON when nobody reads along, without secrets and personal data."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from types import NoneType
from typing import Any, Final, TextIO, TypeAlias, cast

import orjson
from pydantic_core import PydanticSerializationError, to_json

from leadbridge.lines import Lines
from leadbridge.masking import MASK, harmless, masked
from leadbridge.unneeded import without

with without("rich"):  # structlog takes it for tracebacks that are never shown here: a twentieth of a start
    import structlog

Logger: TypeAlias = structlog.stdlib.BoundLogger

# Words of others (a CRM's answer, an exception) may quote the person; models cannot declare what is in them.
_QUOTED: Final = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # an e-mail address
    r"|\+\d[\d ().-]{6,18}\d"  # a phone number
    r"|(?<=input_value=).*?(?=, input_type=)",  # what pydantic refused
    re.DOTALL,
)
_SIGNS: Final = re.compile("[@+]|://|input_value=")  # in everything that is looked for; most texts hold none
_NOTHING_BUT_JSON: Final = (
    orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
)
_PLAIN: Final = (int, float, bool, NoneType)
# Of our own or the operator's making, and nothing of a person's: a Copper account is named by its user's e-mail.
_OURS: Final = frozenset({"submission", "delivery", "destination", "lane", "named", "trace_id", "of", "purpose"})
_LEVELS: Final = {"exception": "error", "warn": "warning"}  # what a method's name says otherwise than its level
_QUERY: Final = re.compile(r"(?<=[a-z]://)([^\s\"'?]+\?)[^\s\"']+")  # it may hold a sender's secret


def logger() -> Logger:
    """Where lines go in; ask for it after `configure`, or as late as can be."""
    log: Logger = structlog.get_logger()
    return log


def configure(*, stream: TextIO | None = None, level: str = "info") -> None:
    """Set up structlog for this process, and let the libraries' own logs through from `warning` up.

    On a terminal lines are for people, coloured unless NO_COLOR is set; elsewhere each is one JSON object.
    """
    stream = stream or sys.stderr
    on_terminal = stream.isatty()
    lines = Lines(stream)
    processors: list[Any] = [_json_line]
    if on_terminal:
        colors = not os.environ.get("NO_COLOR")
        console = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
        processors = [_whole, _harmless, console]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", lines)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # It warns of every broken body, which is the sender's business and told to it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    # It warns, with a traceback, as long as a database is away: `storage.unavailable` says that.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def _json_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """One line as JSON, whose integers may be of any size. It never fails: who logs has trouble enough."""
    whole = _whole(logger, method, event)
    try:
        return orjson.dumps(whole, option=_NOTHING_BUT_JSON).decode()
    except TypeError:  # other types, larger integers, text that is no Unicode
        return _slowly(whole)


def _slowly(whole: MutableMapping[str, Any]) -> str:
    try:
        return to_json(whole, fallback=repr).decode()
    except (PydanticSerializationError, ValueError):  # halves of surrogate pairs, which an exception may quote
        return json.dumps(whole, default=repr, skipkeys=True)


def _whole(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event with level and time; masked is what the models declare, and what free text quotes.

    One step and not structlog's own for each: every submission and every call writes a line.
    """
    if "exc_info" in event:  # a plain traceback: local variables hold the person and the secrets
        event = structlog.processors.format_exc_info(logger, method, event)
    whole = {key: value if key in _OURS else _public(value) for key, value in event.items()}
    whole["level"] = _LEVELS.get(method, method)
    whole["timestamp"] = _moment(time.time_ns() // 1_000)
    return whole


def _moment(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{_second(seconds)}.{rest:06d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _public(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return _scrubbed(value) if _SIGNS.search(value) else value
    return value if kind in _PLAIN else _walked(masked(value))


def _harmless(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take from text what has power over a terminal; a traceback keeps its lines."""
    return {
        key: "\n".join(map(harmless, value.split("\n"))) if isinstance(value, str) else value
        for key, value in event.items()
    }


def _scrubbed(text: str) -> str:
    return _QUERY.sub(rf"\1{MASK}", _QUOTED.sub(MASK, text))


def _walked(value: Any) -> Any:
    match value:
        case str():
            return _scrubbed(value)
        case dict():
            return {key: _walked(item) for key, item in value.items()}
        case list():
            return [_walked(item) for item in value]
    return value
