"""Where the `leadbridge` script begins: what keeps even the command line from being imported is said in words."""

import sys

from leadbridge.errors import ConfigError


def main() -> None:
    """Run the command line; ends with 1, and the reason, when an installed plug-in cannot be used."""
    try:
        from leadbridge.cli import main as run  # noqa: PLC0415  # importing it loads the plug-ins
    except ConfigError as error:
        sys.stderr.write(f"leadbridge: {error}\n")
        sys.exit(1)
    run()


if __name__ == "__main__":
    main()
