"""`leadbridge move` in parts of a few rows, with a line for each: `python -m tests.support.small_parts move …`."""

from leadbridge.cli import main
from leadbridge.commands import moving
from leadbridge.store.moving import source, target

if __name__ == "__main__":  # constants to everybody else
    setattr(source, "MOST_ROWS", 3)  # noqa: B010
    setattr(target, "MOST_WEEKS", 0)  # noqa: B010
    setattr(moving, "EVERY", 0.0)  # noqa: B010
    main()
