"""Tests that are skipped where something is not at hand: on a developer's machine, and not in CI."""

import pytest


def no_skip(report: pytest.TestReport) -> pytest.TestReport:
    """A test that was skipped as one that failed: in CI everything must be at hand, and nobody reads why it was not."""
    if report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{why}\nCI=true: a test that is skipped has failed; bring what it needs into the environment"
    return report
