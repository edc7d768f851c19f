"""Which path is a source's, and which URL is kept: the one that stood on the wire, since some vendors sign it."""

import pytest
from starlette.types import Message

from leadbridge.receive import source_in
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, ENVIRON, Running, running
from tests.support.walked import walked

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'
PUBLIC = CONFIG.replace("server: {max_body: 10KiB}", "server: {public_url: 'https://leads.example.com/in/'}")


@walked(
    ("path", "source"),
    [
        ("/hooks/website", "website"),
        ("/hooks/website/", "website"),
        ("/hooks/a-b_c.1", "a-b_c.1"),
        ("/hooks/ä", "ä"),
        ("/hooks/", None),
        ("/hooks", None),
        ("/hooks//", None),
        ("/hooks/website//", None),
        ("/hooks/website/more", None),
        ("//hooks/website", None),
        ("/Hooks/website", None),
        ("/", None),
        ("", None),
        ("*", None),
    ],
)
def test_the_source_is_the_last_part_of_its_path(path: str, source: str | None) -> None:
    assert source_in(path) == source


async def kept_url(service: Running, store: Store, *, host: bytes | None, raw_path: bytes | None, query: bytes) -> str:
    headers = [(b"content-type", b"application/json"), (b"x-webhook-token", ENVIRON["TOKEN"].encode())]
    scope = {
        "type": "http", "method": "POST", "scheme": "https", "path": "/hooks/website/", "query_string": query,
        "headers": [*headers, *([(b"host", host)] if host else [])], "server": ("10.0.0.1", 8080),
        **({"raw_path": raw_path} if raw_path else {}),
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": LEAD, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await service.service.asgi(scope, receive, send)
    assert sent[0]["status"] == 202
    (row,) = await store.submissions(limit=1)
    request = await store.request(row.request_id)
    assert request is not None
    return request.url


@pytest.mark.parametrize("public", [False, True], ids=["no public URL", "public URL"])
@pytest.mark.parametrize(
    ("host", "raw_path", "query", "expected"),
    [
        (b"leads.test", b"/hooks/website/", b"", "https://leads.test/hooks/website/"),
        (b"leads.test:444", b"/hooks/%77ebsite/", b"a=1&b=%2F", "https://leads.test:444/hooks/%77ebsite/?a=1&b=%2F"),
        (b"leads.test", None, b"", "https://leads.test/hooks/website/"),
        (None, b"/hooks/website/", b"x", "https://10.0.0.1:8080/hooks/website/?x"),
    ],
)
async def test_the_url_is_kept_as_it_stood_on_the_wire(
    store: Store,
    clock: ManualClock,
    journal: Journal,
    public: bool,
    host: bytes | None,
    raw_path: bytes | None,
    query: bytes,
    expected: str,
) -> None:
    async with running(store, clock, journal, config=PUBLIC if public else CONFIG) as service:
        url = await kept_url(service, store, host=host, raw_path=raw_path, query=query)
    if not public:
        assert url == expected
    else:
        _, _, path = expected.partition("://")
        assert url == "https://leads.example.com/in/" + path.partition("/")[2]
