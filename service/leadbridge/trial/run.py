"""A trial: one sample through the service's own stages, one after the other, with the CRM imagined at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from leadbridge.clock import Clock
from leadbridge.configured import adapters, door, record_of
from leadbridge.desk import Desk, desks
from leadbridge.errors import RequestRefused, Unparseable, UsageError
from leadbridge.events import Event, Parsed, Received, Verified
from leadbridge.expressions.checks import did_you_mean
from leadbridge.inbound import Door, Room, read_request
from leadbridge.mapping import SourceContext
from leadbridge.settings.loading import Loaded
from leadbridge.settings.positions import Document
from leadbridge.trial.fetching import Given, try_fetch
from leadbridge.trial.findings import Outcome, Receipt, RouteTrial, Trial
from leadbridge.trial.places import RuleBook
from leadbridge.trial.proof import prove
from leadbridge.trial.routes import Stand, deliver_route, map_route, stopped

_HERE: Final = ("127.0.0.1", 8080)  # where a service without `server.public_url` would be called


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request as its sender would post it; header names are lower-cased."""

    body: bytes
    headers: Mapping[str, str]
    content_type_guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to try: the source, which submission of the body (from 1), and whether the person has a record already.

    `given` are the vendor's answers to what is fetched for it; `by_chance` says that nobody asked for them, so that a
    source that fetches nothing leaves them alone.
    """

    source: str
    item: int = 1
    existing: bool = False
    given: Given | None = None
    by_chance: bool = False


async def try_sample(loaded: Loaded, document: Document, sample: Sample, *, wish: Wish, clock: Clock) -> Trial:
    """What would become of the sample. `document` is the file that `loaded` came from.

    Nothing is stored or sent. Raises `UsageError` for a source or an item that there is not.
    """
    configured = desks(loaded.settings)
    desk = configured.get(wish.source)
    if desk is None:
        raise UsageError(f"the configuration has no source `{wish.source}`; {did_you_mean(wish.source, configured)}")
    entrance = door(loaded.settings)
    try:
        received = await _received(desk, sample, entrance, clock)
    except RequestRefused as error:
        return Trial(source=desk.name, receipt=_receipt(desk, sample, entrance, refused=error))
    receipt = replace(_receipt(desk, sample, entrance), url=received.url)
    proof, verified = prove(desk, received, now=clock.now())
    trial = Trial(source=desk.name, receipt=receipt, proof=proof)
    trial = _parsed(trial, desk, verified, item=wish.item)
    trial = _with_answers(trial, desk, wish)
    event = trial.event
    if event is None or (trial.fetch is not None and not trial.fetch.is_answered):
        return trial
    if not any(desk.name in route.from_ for route in loaded.settings.routes):
        return replace(trial, unrouted="no route begins at this source")
    routes = await _routes(event, desk, loaded, document, clock, existing=wish.existing)
    spam = next((route.spam for route in routes if route.spam is not None), None)
    if spam is not None and all(route.outcome is Outcome.FILTERED for route in routes):
        return replace(trial, ignored=f"spam: {spam}")
    return replace(trial, routes=routes)


def _parsed(trial: Trial, desk: Desk, verified: Verified, *, item: int) -> Trial:
    """The trial with the item's event, or the reason why there is none."""
    try:
        parsed = desk.parse(verified)
    except Unparseable as error:
        return replace(trial, unparseable=error.detail)
    if parsed.ignored is not None:
        return replace(trial, ignored=parsed.ignored)
    event = _event(desk, parsed, item)
    trial = replace(trial, item=item, items=len(parsed.events), dedupe_window=desk.dedupe_window)
    if event.ignored is not None:
        return replace(trial, ignored=event.ignored)
    return replace(trial, event=event)


def _with_answers(trial: Trial, desk: Desk, wish: Wish) -> Trial:
    """The trial with what is fetched for an event that was only announced."""
    if wish.given is not None and desk.fetching is None and not wish.by_chance:
        raise UsageError(f"the source `{desk.name}` fetches nothing: leave out the documents, or give it a `fetch`")
    announced = trial.event
    if announced is None or desk.fetching is None or not desk.awaits_fetch(announced):
        return trial
    fetched, event = try_fetch(desk.fetching, announced, wish.given)
    if event is None:
        return replace(trial, fetch=fetched)
    if event.ignored is not None:
        return replace(trial, fetch=fetched, announced=announced, event=None, ignored=event.ignored)
    return replace(trial, fetch=fetched, announced=announced, event=event)


async def _received(desk: Desk, sample: Sample, entrance: Door, clock: Clock) -> Received:
    """The request as the service's own stage reads it."""
    pending = [{"type": "http.request", "body": sample.body, "more_body": False}]

    async def receive() -> Any:
        return pending.pop()

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": f"/hooks/{desk.name}",
        "query_string": b"",
        "server": _HERE,
        "headers": [
            (name.encode("latin-1", "replace"), value.encode("utf-8", "surrogateescape"))
            for name, value in sample.headers.items()
        ],
    }
    return await read_request(scope, receive, source=desk.name, door=entrance, room=Room(entrance), clock=clock)


def _receipt(desk: Desk, sample: Sample, entrance: Door, *, refused: RequestRefused | None = None) -> Receipt:
    return Receipt(
        method="POST",
        url=f"{entrance.public_url or 'http://{}:{}'.format(*_HERE)}/hooks/{desk.name}",
        content_type=sample.headers.get("content-type", ""),
        content_type_guessed=sample.content_type_guessed,
        size=len(sample.body),
        refused=None if refused is None else f"{int(refused.http_status)}: {refused.detail}",
    )


def _event(desk: Desk, parsed: Parsed, item: int) -> Event:
    """One event, with the dedupe id that the source's settings give it."""
    if not 1 <= item <= len(parsed.events):
        raise UsageError(f"the sample has no item {item}: it holds {len(parsed.events)}, counted from 1")
    event = parsed.events[item - 1]
    return replace(event, dedupe_id=desk.dedupe_key(event))


async def _routes(
    event: Event, desk: Desk, loaded: Loaded, document: Document, clock: Clock, *, existing: bool
) -> tuple[RouteTrial, ...]:
    crm_adapters = adapters(loaded.settings)
    stand = Stand(
        source=SourceContext(name=desk.name, region=desk.region),
        destinations=loaded.settings.destinations,
        adapters=crm_adapters,
        book=RuleBook(document),
        clock=clock,
        existing=existing,
    )
    mapped = [
        map_route(event, route, stand, index=index, record=record_of(route, crm_adapters))
        for index, route in enumerate(loaded.settings.routes)
        if desk.name in route.from_
    ]
    broken = [one for one in mapped if one.shown.reason == "mapping"]
    if broken:
        return tuple(one.shown if one in broken else stopped(one.shown) for one in mapped)
    return tuple([await deliver_route(one, stand) for one in mapped])
