"""What went wrong with the database, in words that say what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import asyncpg

from leadbridge.errors import StorageInDoubt, StorageUnavailable

UNREADABLE: Final = (
    "LEADBRIDGE_DATABASE_URL cannot be read; it must look like postgresql://user:password@host:5432/database, with "
    "what is special in a password percent-encoded"
)
NO_CERTIFICATES: Final = (
    "LEADBRIDGE_DATABASE_URL asks for the server's certificate to be verified, and there is nothing to do that by; add "
    "&sslrootcert=FILE to it: the server's own, or for a public one /etc/ssl/certs/ca-certificates.crt"
)
WORDS: Final[Mapping[str, str]] = {
    "28P01": "it refuses the password: see LEADBRIDGE_DATABASE_URL",
    "28000": "it refuses this user or host: see LEADBRIDGE_DATABASE_URL and the server's pg_hba.conf",
    "3D000": "there is no such database: create it, or see LEADBRIDGE_DATABASE_URL",
    "42501": "this user may not do that: grant it the tables, or see LEADBRIDGE_DATABASE_URL",
    "53300": "it has no connection left: raise max_connections, or run fewer replicas",
    "53100": "its disk is full: free space",
    "53200": "it has no memory left",
    "25006": "it is read-only, a standby perhaps: LEADBRIDGE_DATABASE_URL must name the primary",
    "57P01": "it is being stopped",
    "57P02": "it has crashed and recovers",
    "57P03": "it is starting, stopping or recovering",
    "57014": "it took too long",
}
_CLASSES: Final = (
    "08",
    "53",
    "57",
    "58",
    "28",
    "XX",
)  # connections, resources, operators, disks, log-in, its own faults


# Of a connection, or of all: closed, closing; or its end was seen in the midst of a transaction.
_ENDED: Final = ("clos", "connection has been released back to the pool")


@contextmanager
def in_our_words(*, in_doubt: bool) -> Iterator[None]:
    """Trouble with the database becomes `StorageUnavailable`; a mistake in what was asked of it stays as it is.

    `in_doubt`: statements are made, which may be done though the connection breaks.
    """
    try:
        yield
    except Exception as error:
        if not _is_trouble(error):
            raise
        said, broke = _said(error)
        raise (StorageInDoubt(said) if broke and in_doubt else StorageUnavailable(said)) from error


def _is_trouble(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        return code in WORDS or code[:2] in _CLASSES
    if isinstance(error, asyncpg.InternalClientError):
        return True  # the server ended a connection that nobody used, and it was used before the end was seen
    if isinstance(error, asyncpg.InterfaceError):
        return any(said in str(error) for said in _ENDED)  # the rest is ours to mend
    return isinstance(error, OSError | TimeoutError)


def _said(error: Exception) -> tuple[str, bool]:
    """What is wrong and what to do, and whether the connection broke."""
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        words = WORDS.get(code)
        return f"PostgreSQL: {error}" + (f"; {words}" if words else ""), code[:2] in ("08", "57")
    if isinstance(error, TimeoutError):
        return "PostgreSQL does not answer; is LEADBRIDGE_DATABASE_URL right, and does a firewall let us through?", True
    if isinstance(error, FileNotFoundError):
        return (
            "PostgreSQL cannot be reached: the socket, or the certificate, that LEADBRIDGE_DATABASE_URL names is not "
            "there; is it running?"
        ), True
    if isinstance(error, OSError) and not isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"PostgreSQL cannot be reached: {error}; is it running, and is LEADBRIDGE_DATABASE_URL right?", True
    return f"the connection to PostgreSQL is lost: {error}", True
