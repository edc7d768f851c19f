"""Where the `leadbridge` script begins."""

import os
import signal


def main() -> None:
    """Run the command line."""
    if os.getpid() == 1:  # in a container: Linux drops every signal that process 1 has no handler for
        signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    from leadbridge.cli import main as run  # noqa: PLC0415  # a stop may come while it is imported

    run()


if __name__ == "__main__":
    main()
