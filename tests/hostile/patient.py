"""`leadbridge serve` that waits long for its senders: on a slow machine no test is about a deadline by mistake."""

from leadbridge import inbound
from leadbridge.cli import main
from leadbridge.http import bounded

PATIENT = 600.0  # seconds


if __name__ == "__main__":  # constants to everybody else
    setattr(inbound, "BODY_TIME", PATIENT)  # noqa: B010
    setattr(bounded, "HEAD_TIME", PATIENT)  # noqa: B010
    main()
