"""`leadbridge serve` with claims that a test can wait for: `python -m tests.fetch.hurried serve …`."""

from leadbridge.cli import main
from leadbridge.fetch import source

if __name__ == "__main__":
    setattr(source, "DEADLINE", 1.0)  # noqa: B010  # a constant to everybody else
    setattr(source, "MARGIN", 1.0)  # noqa: B010
    main()
