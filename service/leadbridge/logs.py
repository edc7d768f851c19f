"""Logging: one structured line an event, JSON when nobody reads along, without secrets and personal data."""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO, TypeAlias

import structlog
from pydantic_core import to_json

from leadbridge.masking import MASK, harmless, masked

Logger: TypeAlias = structlog.stdlib.BoundLogger

# Words of others (a CRM's answer, an exception) may quote the person; models cannot declare what is in them.
_QUOTED: Final = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # an e-mail address
    r"|\+\d[\d ().-]{6,18}\d"  # a phone number
    r"|(?<=input_value=).*?(?=, input_type=)",  # what pydantic refused
    re.DOTALL,
)
_SIGNS: Final = (
    "@",
    "+",
    "://",
    "input_value=",
)  # one of them is in everything that is looked for: most texts have none
_NAMES: Final = frozenset({"lane"})  # of the operator's own making: a Copper account is named by its user's e-mail
_QUERY: Final = re.compile(r"(?<=[a-z]://)([^\s\"'?]+\?)[^\s\"']+")  # it may hold a sender's secret


def configure(*, stream: TextIO | None = None, level: str = "info") -> None:
    """Set up structlog for this process, and let the libraries' own logs through from `warning` up.

    On a terminal lines are for people, coloured unless NO_COLOR is set; elsewhere each is one JSON object.
    """
    stream = stream or sys.stderr
    on_terminal = stream.isatty()
    renderer: Any = structlog.processors.JSONRenderer(serializer=_json)
    if on_terminal:
        renderer = structlog.dev.ConsoleRenderer(
            colors=not os.environ.get("NO_COLOR"), exception_formatter=structlog.dev.plain_traceback
        )
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # a plain traceback: local variables hold the person and the secrets
        _private,
        *([_harmless] if on_terminal else []),  # JSON escapes by itself
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # It warns of every broken body, which is the sender's business and told to it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


def _json(event: Any, *, default: Any) -> str:
    return to_json(event, fallback=default).decode()  # integers of any size, unlike orjson


def _private(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what the models declare, and what free text quotes."""
    return {key: value if key in _NAMES else _scrubbed(masked(value)) for key, value in event.items()}


def _harmless(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take from text what has power over a terminal; a traceback keeps its lines."""
    return {
        key: "\n".join(map(harmless, value.split("\n"))) if isinstance(value, str) else value
        for key, value in event.items()
    }


def _scrubbed(value: Any) -> Any:
    match value:
        case str() if any(sign in value for sign in _SIGNS):
            return _QUERY.sub(rf"\1{MASK}", _QUOTED.sub(MASK, value))
        case dict():
            return {key: _scrubbed(item) for key, item in value.items()}
        case list():
            return [_scrubbed(item) for item in value]
    return value
