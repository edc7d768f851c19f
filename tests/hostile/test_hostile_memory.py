"""However large, deep and wide the bodies that come at once, memory stays within a bound that the settings give."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hostile.conftest import Service, serving
from tests.hostile.wire import Answer, chunked, post

pytestmark = pytest.mark.whole

MIB = 1024 * 1024
MAX_BODY = 4 * MIB
AT_ONCE = 6  # so many find room while they come; what happens to more is tested elsewhere
# Of each body at once: its pieces, the whole, and its way into the database; of one at a time: its text and values.
COPIES = 4
ALONE = 16 * MAX_BODY  # text of four bytes a character, and what a reader makes of it
GROUND = 32 * MIB  # what the process takes for everything else that it does for the first time


def filled(before: bytes, unit: bytes, after: bytes) -> bytes:
    """A body of almost the allowed size."""
    return before + unit * ((MAX_BODY - len(before) - len(after) - 1024) // len(unit)) + after


PART = b'--B\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
BARRAGE = [
    post(filled(b'{"name": "', b"x", b'"}')),
    post(filled(b'{"name": "', "😀".encode(), b'"}')),
    post(filled(b"[", b"[", b"")),
    post(filled(b"[", b"{},", b"1]")),
    post(filled(b"{", b'"k": 1,', b'"l": 2}')),
    post(filled(b'{"a": ', b"9", b"}")),
    post(filled(b'"', rb"\ud800", b'"')),
    post(filled(b"a=", b"%ff", b""), content_type="application/x-www-form-urlencoded"),
    post(filled(b"a", b"[x]", b"=1"), content_type="application/x-www-form-urlencoded"),
    post(filled(PART, bytes(range(256)), b"\r\n--B--"), content_type="multipart/form-data; boundary=B"),
    post(chunked(*[bytes(MIB)] * 6), "transfer-encoding: chunked", length=None),
    post(bytes(6 * MIB)),
]


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes bodies of 4 MiB."""
    yield from serving(tmp_path_factory.mktemp("roomy"), max_body="4MiB")


def barrage(service: Service) -> list[Answer]:
    """Everything at once, `AT_ONCE` at a time."""
    with ThreadPoolExecutor(AT_ONCE) as senders:
        return [answer for answers in senders.map(service.ask, BARRAGE) for answer in answers]


def test_a_barrage_of_large_bodies_costs_bounded_memory_and_no_more_the_second_time(roomy: Service) -> None:
    roomy.still_serves()
    before = roomy.memory()
    answers = barrage(roomy)
    first = roomy.memory()
    assert {answer.status for answer in answers} == {202, 400, 413}, json.dumps([answer.status for answer in answers])
    assert first - before <= AT_ONCE * COPIES * MAX_BODY + ALONE + GROUND, (first - before) // MIB
    grown = []
    for _ in range(3):
        had = roomy.memory()
        barrage(roomy)
        grown.append(roomy.memory() - had)
    # How many bodies meet at their largest is a matter of chance, and once; what is kept of a barrage is kept of each.
    assert min(grown) <= AT_ONCE * MAX_BODY, [more // MIB for more in grown]
    roomy.still_serves()
