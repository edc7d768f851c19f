"""The senders: each sends a submission again, with its id, until it is answered 2xx, and remembers exactly that."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from urllib.parse import urlencode

import httpx
import orjson

from leadbridge.clock import SystemClock
from leadbridge.prove.findings import Answer
from leadbridge.prove.people import Submission
from leadbridge.settings.models import Source
from leadbridge.signing import sign

TIMEOUT: Final = 3.0  # seconds a sender waits for an answer
AT_ONCE: Final = 24  # connections of all senders together
FIRST_WAIT: Final = 0.1  # seconds before the second send, at the most; doubled for each one after it
LONGEST_WAIT: Final = 1.0
_EVENTS_BEGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(slots=True)
class Figures:
    """What happened on the senders' side."""

    sends: int = 0
    answers: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by status, or by what came instead


class Senders:
    """Send what they are given, at once; those of one contact that are ordered by arrival one after the other."""

    def __init__(
        self, client: httpx.AsyncClient, *, urls: Sequence[str], sources: Mapping[str, Source], seed: int
    ) -> None:
        """All `urls` lead to one service: who gets no 2xx at one goes to another, as a balancer would."""
        self.answers: dict[int, Answer] = {}
        self.figures = Figures()
        self._client = client
        self._urls = urls
        self._sources = sources
        self._dice = Random(seed)  # noqa: S311  # waits that can be drawn again
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sending: set[asyncio.Task[None]] = set()
        self._given_up = False

    def send(self, submissions: Iterable[Submission]) -> None:
        """Begin to send these, each at its time from now."""
        begun = asyncio.get_running_loop().time()
        for one in submissions:
            task = asyncio.create_task(self._send(one, begun + one.after), name=f"send {one.serial}")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def finish(self, *, within: float) -> None:
        """Wait until everything is answered 2xx; after `within` seconds the senders give up."""
        if not self._sending:
            return
        _, left = await asyncio.wait(self._sending, timeout=within)
        self._given_up = True
        if left:
            await asyncio.wait(left)
        for task in list(self._sending):
            task.result()

    async def _send(self, one: Submission, when: float) -> None:
        if one.contact.ordering == "event":
            await self._until_taken(one, when)
            return
        async with self._turns[one.contact.email]:  # given in the order in which it was asked for
            await self._until_taken(one, when)

    async def _until_taken(self, one: Submission, when: float) -> None:
        await asyncio.sleep(when - asyncio.get_running_loop().time())
        wrong: list[int] = []
        sends = 0
        url = self._dice.choice(self._urls)
        while True:
            async with self._hands:
                sends += 1
                response = await self._post(one, url)
            said = _said(response)
            if response is not None and not response.is_success and response.status_code != 503:
                wrong.append(response.status_code)
            if said is not None or self._given_up:
                break
            longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(sends, 10))
            await asyncio.sleep(self._dice.uniform(longest / 4, longest))
            url = self._dice.choice([other for other in self._urls if other != url] or self._urls)
        self.answers[one.serial] = Answer(
            serial=one.serial,
            trace_id=said[1] if said else None,
            submission_id=said[0] if said else None,
            sends=sends,
            wrong=tuple(wrong),
        )

    async def _post(self, one: Submission, base_url: str) -> httpx.Response | None:
        url = f"{base_url}/hooks/{one.source}"
        content_type, body, headers = request_of(one)
        signed = sign(
            self._sources[one.source].scheme,
            method="POST", url=url, body=body, message_id=_message_id(one), now=SystemClock().now(),
        )  # fmt: skip
        self.figures.sends += 1
        try:
            response = await self._client.post(
                url, content=body, headers={"content-type": content_type, **headers, **signed}, timeout=TIMEOUT
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):  # the transport calls a refused connection either
            self.figures.answers["nobody there"] += 1
        except httpx.TimeoutException:
            self.figures.answers["no answer in time"] += 1
        except httpx.HTTPError:
            self.figures.answers["broken off"] += 1
        else:
            status = f" {response.json()['status']}" if response.is_success else ""
            self.figures.answers[f"{response.status_code}{status}"] += 1
            return response
        return None


def _message_id(one: Submission) -> str:
    return f"msg_{one.serial:06}"


def request_of(one: Submission) -> tuple[str, bytes, dict[str, str]]:
    """The content type, the body and the headers, as this kind of sender makes them: the same at each send."""
    fields = {
        "serial": str(one.serial),
        "name": one.name,
        "email": one.contact.email,
        "phone": one.phone,
        "company": one.company,
        "score": None if one.score is None else str(one.score),
        "tag": one.tag,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    match one.source:
        case "website":
            return "application/json", orjson.dumps(given), {"idempotency-key": _message_id(one)}
        case "relay":
            form = urlencode({**given, "submission_id": _message_id(one)})
            return "application/x-www-form-urlencoded", form.encode(), {}
    event_at = _EVENTS_BEGIN + timedelta(milliseconds=one.place)
    envelope = {"type": "lead.created", "timestamp": event_at.isoformat(timespec="milliseconds"), "data": given}
    return "application/json", orjson.dumps(envelope), {}


def _said(response: httpx.Response | None) -> tuple[str, str] | None:
    """The submission's id and its trace ID, when it was answered 2xx."""
    if response is None or not response.is_success:
        return None
    answer = response.json()
    return answer["id"], answer["trace_id"]
