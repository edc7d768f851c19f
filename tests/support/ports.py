"""Ports for servers that must be told theirs beforehand. All others listen on port 0, and say which it is."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port on loopback that the system gives to nobody else meanwhile, while a server that is told it can have it.

    Linux lets two sockets bind one address when only one of them listens; elsewhere the port is only likely to stay
    free.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port
