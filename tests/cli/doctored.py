"""`leadbridge demo` with its first row alone, and another expectation of it: `python -m tests.cli.doctored demo …`."""

from dataclasses import replace

from leadbridge.cli import main
from leadbridge.demo import run, scenario

if __name__ == "__main__":  # constants to everybody else
    setattr(run, "BEFORE_TAGGING", (replace(scenario.BEFORE_TAGGING[0], created=False),))  # noqa: B010
    setattr(run, "AFTER_TAGGING", ())  # noqa: B010
    main()
