"""Where the `leadbridge` script begins."""

from leadbridge.cli import main

if __name__ == "__main__":
    main()
