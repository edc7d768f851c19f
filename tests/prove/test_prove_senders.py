"""The senders: they repeat what got no 2xx, exactly as it was, and remember what was answered."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpx
import pytest

from leadbridge.prove import senders as module
from leadbridge.prove.ground import ENVIRON, configuration
from leadbridge.prove.people import Submission
from leadbridge.prove.plan import planned
from leadbridge.prove.senders import Senders
from leadbridge.settings.loading import load
from leadbridge.settings.models import Source
from tests.support.patience import PATIENCE

SUBMISSIONS = [replace(one, after=0.0) for one in planned(seed=3, rounds=2).submissions]
TAKEN = {"id": "sub1", "trace_id": "a" * 32, "status": "accepted"}
Answering = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.0)


@cache
def sources() -> Mapping[str, Source]:
    """The sources of the scratch configuration, loaded as the service loads it."""
    with NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(configuration("http://127.0.0.1:1"))
        file.flush()
        return load(Path(file.name), ENVIRON).settings.sources


async def sent(
    submissions: Sequence[Submission],
    answering: Answering,
    *,
    given_up: asyncio.Event | None = None,
    urls: Sequence[str] = ("http://service",),
) -> Senders:
    """Send them all, until each is taken; or until somebody says that it is given up."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(answering)) as client:
        senders = Senders(client, urls=urls, sources=sources(), seed=1)
        senders.send(submissions)
        if given_up is not None:
            await given_up.wait()
        await senders.finish(within=PATIENCE if given_up is None else 0)
    return senders


def of(source: str) -> Submission:
    return next(one for one in SUBMISSIONS if one.source == source)


@pytest.mark.parametrize("source", ["website", "relay", "partner"])
async def test_what_got_no_2xx_is_sent_again_as_it_was_with_the_same_id(source: str) -> None:
    one, seen = of(source), list[httpx.Request]()

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        match len(seen):
            case 1:
                raise httpx.ConnectError("refused")
            case 2:
                raise httpx.ReadTimeout("too late")
            case 3:
                raise httpx.RemoteProtocolError("broken off")
            case 4:
                return httpx.Response(503)
            case _:
                return httpx.Response(202, json=TAKEN)

    senders = await sent([one], answering)
    answer = senders.answers[one.serial]
    assert (answer.trace_id, answer.submission_id, answer.sends, answer.wrong) == ("a" * 32, "sub1", 5, ())
    assert len({(str(request.url), request.content) for request in seen}) == 1
    ids = {request.headers.get("idempotency-key") or request.headers.get("webhook-id") for request in seen}
    assert len(ids) == 1
    assert dict(senders.figures.answers) == {
        "nobody there": 1, "no answer in time": 1, "broken off": 1, "503": 1, "202 accepted": 1,
    }  # fmt: skip


async def test_of_several_replicas_another_one_gets_what_one_did_not_take() -> None:
    hosts = list[str]()

    def answering(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(503) if len(hosts) < 4 else httpx.Response(202, json=TAKEN)

    await sent([of("relay")], answering, urls=["http://one", "http://two", "http://three"])
    assert all(host != other for host, other in pairwise(hosts))


async def test_an_answer_that_nobody_should_get_is_remembered() -> None:
    answers = iter([httpx.Response(500), httpx.Response(401), httpx.Response(202, json=TAKEN)])
    senders = await sent([of("website")], lambda _: next(answers))
    assert senders.answers[of("website").serial].wrong == (500, 401)


async def test_senders_give_up_and_remember_that_nothing_was_taken() -> None:
    given_up, sends = asyncio.Event(), 0

    def refusing(_request: httpx.Request) -> httpx.Response:
        nonlocal sends
        sends += 1
        if sends == 3:
            given_up.set()
        return httpx.Response(503)

    senders = await sent([of("relay")], refusing, given_up=given_up)
    answer = senders.answers[of("relay").serial]
    assert not answer.taken
    assert answer.sends == sends >= 3


async def test_those_of_one_contact_are_sent_in_their_order_and_one_after_the_other() -> None:
    sends = Counter[bytes]()
    taken: dict[str, list[int]] = defaultdict(list)
    by_body = {module.request_of(one)[1]: one for one in SUBMISSIONS}

    def answering(request: httpx.Request) -> httpx.Response:
        one = by_body[request.content]
        sends[request.content] += 1
        if sends[request.content] <= one.serial % 3:  # none, once or twice
            return httpx.Response(503)
        taken[one.contact.email].append(one.serial)
        return httpx.Response(202, json=TAKEN)

    await sent(SUBMISSIONS, answering)
    arrivals = {one.contact.email for one in SUBMISSIONS if one.contact.ordering == "arrival"}
    assert all(taken[email] == sorted(taken[email]) for email in arrivals)
    assert sum(map(len, taken.values())) == len(SUBMISSIONS)
