"""A dropped connection is asked for, and no error in a log."""

import logging

from leadbridge.sandbox import ConnectionDropped, HideDrops


def test_only_drops_are_hidden_from_a_log() -> None:
    def record(error: Exception | None) -> logging.LogRecord:
        exc_info = (type(error), error, None) if error else None
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "failed", None, exc_info)

    hide = HideDrops()
    assert [hide.filter(record(error)) for error in (ConnectionDropped("x"), ValueError("x"), None)] == [
        False,
        True,
        True,
    ]
