"""`leadbridge serve` with a lease that a test can wait for: `python -m tests.support.replica serve …`."""

from functools import partial

from leadbridge.app import Service
from leadbridge.cli import main
from leadbridge.commands import serving
from leadbridge.store.lanes import Lease
from leadbridge.store.postgres import accepting

LEASE = Lease(seconds=3.0, grace=1.0)  # seconds: its calls, to a CRM beside it, take less than one


if __name__ == "__main__":
    setattr(accepting, "TAKEN_FOR", LEASE.seconds)  # noqa: B010  # a constant to everybody else
    setattr(serving, "Service", partial(Service, lease=LEASE))  # noqa: B010  # it is not exported
    main()
