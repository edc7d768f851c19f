"""Strangers who send much of a body and never its end, all at once: their bytes stay within one bound."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from leadbridge.inbound import LEAST_ROOM, SMALL
from tests.hostile.conftest import Service, serving
from tests.hostile.patient import PATIENT
from tests.hostile.wire import chunked, post
from tests.support.patience import PATIENCE

MIB = 1024 * 1024
BODY = 2 * MIB
STRANGERS = 150
HELD = LEAST_ROOM // (BODY - 1 - SMALL)  # so many find room for all but the last byte
LEFT = LEAST_ROOM - HELD * (BODY - 1 - SMALL)
# A growing buffer has an eighth to spare; each connection, what the server reads ahead; and everything else.
BOUND = LEAST_ROOM * 9 // 8 + STRANGERS * (64 * 1024 + SMALL) + 32 * MIB


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that will not have room for everyone."""
    yield from serving(tmp_path_factory.mktemp("besieged"), max_body="2MiB", busy=True)


def besiege(service: Service, connections: ExitStack, count: int) -> None:
    """Open so many connections, each with a body without a token that lacks its last byte."""
    unfinished = post(bytes(BODY - 1), length=BODY).replace(b"x-webhook-token", b"x-nothing")
    for _ in range(count):
        stranger = connections.enter_context(closing(socket.create_connection(("127.0.0.1", service.port), PATIENCE)))
        with suppress(ConnectionError):  # it may be refused before all is sent
            stranger.sendall(unfinished)


def refused(service: Service, count: int, *, status: int) -> None:
    """Wait for so many refusals, of which there must be no more."""
    assert len(service.process.events("request.refused", status=status, count=count)) == count


def test_unfinished_bodies_of_strangers_cost_bounded_memory_and_nobody_else_waits(besieged: Service) -> None:
    besieged.still_serves()
    before = besieged.memory()
    with ExitStack() as connections:
        besiege(besieged, connections, STRANGERS)
        refused(besieged, STRANGERS - HELD, status=503)
        besieged.still_serves()
        small = post(
            chunked(b'{"name": "', b"Ann Lee" + b" " * 9_000, b'"}'), "transfer-encoding: chunked", length=None
        )
        (answer,) = besieged.ask(small[:300], small[300:5_000], small[5_000:])
        assert answer.status == 202
        # Not a byte more than is read: what is still unread when a connection closes may cost its answer.
        (answer,) = besieged.ask(post(bytes(LEFT + SMALL + 1), length=BODY))
        assert (answer.status, answer.header("retry-after"), answer.header("connection")) == (
            503,
            f"{PATIENT:.0f}",
            "close",
        )
        assert "Too many large bodies" in answer.document["detail"]
        assert besieged.memory() - before <= BOUND, (besieged.memory() - before) // MIB
    refused(besieged, HELD, status=400)  # they left
    with ExitStack() as connections:
        besiege(besieged, connections, HELD + 1)
        refused(besieged, STRANGERS - HELD + 2, status=503)
        besieged.still_serves()
    refused(besieged, 2 * HELD, status=400)
    (answer,) = besieged.ask(post(b'{"name": "' + b"x" * (BODY - 100) + b'"}'))
    assert answer.status == 202
    assert besieged.memory() - before <= BOUND, (besieged.memory() - before) // MIB
    besieged.still_serves()
