"""What the processes of a test run tell the one that prints: each message costs both of them more than a quick test."""

from typing import Any

import pytest

NOTED_ELSEWHERE = ("durations", "xmlpath")  # options that want to hear of all


def fewer_reports(config: pytest.Config) -> None:
    """In such a process: of what went well and said nothing, tell only that the test passed."""
    if config.get_verbosity() > 0 or any(config.getoption(name, None) is not None for name in NOTED_ELSEWHERE):
        return
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":  # it is run as source, so it is no class that could be imported
            _spare(plugin)


def _spare(worker: Any) -> None:
    send = worker.sendevent

    def sendevent(name: str, **said: Any) -> None:
        if name not in ("logstart", "logfinish") and not (name == "testreport" and _is_idle(said["data"])):
            send(name, **said)

    worker.sendevent = sendevent


def _is_idle(report: dict[str, Any]) -> bool:
    """Whether it is of the time before or after a test, and nothing happened then."""
    return report["when"] != "call" and report["outcome"] == "passed" and not report["sections"]
