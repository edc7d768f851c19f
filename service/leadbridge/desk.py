"""One configured source, ready for work: what receiving and mapping both need to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic_core import from_json

from leadbridge.clock import Millis
from leadbridge.errors import SignatureReason, Unparseable
from leadbridge.events import Event, Json, Parsed, Received, Verified
from leadbridge.expressions import ABSENT, Context, ExpressionError, Template
from leadbridge.handshake import Answered, answer
from leadbridge.parse import parse
from leadbridge.schemes import Scheme
from leadbridge.settings.models import Settings, Source
from leadbridge.sources.contents import content_of
from leadbridge.sources.fetching import Answers, Fetch, Get, next_get
from leadbridge.sources.handshakes import HANDSHAKES, Handshake
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import PRESETS
from leadbridge.store.arriving import bounded
from leadbridge.store.fetching import FetchQuota


class Aside(Protocol):
    """Where unproved requests can be set aside."""

    async def keep(self, received: Received, *, reason: SignatureReason, most: int) -> None:
        """Set one aside, unless so many of its source are there already; trouble of the database is no error here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchAccount:
    """Where the answers are that a vendor left out of its announcements, and with what they are fetched."""

    known: Fetch  # what the preset knows of it
    base_url: str  # without a slash at its end
    version: str
    quota: FetchQuota
    token: str = field(repr=False)
    also: tuple[str, ...] = ()  # what is asked for besides

    def next_get(self, event: Event, answers: Answers) -> Get | None:
        """The call that follows after these answers; None when all are there. Raises `NothingToAskFor`."""
        return next_get(self.known, event, answers, version=self.version, also=self.also)

    def headers(self) -> dict[str, str]:
        """The headers of every call, with token and version in their places."""
        said = {"authorization": self.known.authorization, **self.known.headers}
        return {name: value.format(version=self.version, token=self.token) for name, value in said.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A source with its preset, its proof and its own settings."""

    name: str
    preset: Preset
    scheme: Scheme
    region: str  # ISO 3166-1 alpha-2
    dedupe: Template | None
    dedupe_window: Millis = 0  # for which the same content is a repetition, where there is no id
    handshakes: tuple[Handshake, ...] = ()
    verify_tokens: tuple[bytes, ...] = ()  # what a vendor says in its handshake
    aside: Aside | None = None
    most_aside: int = 0  # requests that may be set aside
    secrets_at: tuple[str, ...] = ()  # places in the body that hold secrets beside that of the scheme
    fetching: FetchAccount | None = None  # None: a lead is what was announced of it

    async def set_aside(self, received: Received, reason: SignatureReason) -> None:
        """Keep a request that did not prove itself, if the source asks for that."""
        if self.aside is not None and self.most_aside:
            await self.aside.keep(received, reason=reason, most=self.most_aside)

    def handshake(self, request: Received) -> Answered | None:
        """The answer to a vendor's handshake; None for any other request. Raises `RequestRefused`."""
        return answer(self.handshakes, request, scheme=self.scheme, tokens=self.verify_tokens)

    def parse(self, verified: Verified) -> Parsed:
        """The events of a request; raises `Unparseable`."""
        return parse(self.preset, verified)

    def awaits_fetch(self, event: Event) -> bool:
        """Whether an event was only announced, and its answers are to be fetched before it is mapped."""
        return self.fetching is not None and self.fetching.known.needed(event)

    def completed(self, event: Event, documents: str) -> Event:
        """The announced event with the vendor's documents, as they are stored; raises `Unparseable`."""
        known = self.preset.fetch
        if known is None:
            raise Unparseable(f"the preset {self.preset.name} knows nothing of the documents that were fetched")
        return known.complete(event, from_json(documents))

    def dedupe_key(self, event: Event) -> str | None:
        """The sender's id of a submission: what the source's `dedupe` makes of it, else what the preset found."""
        if self.dedupe is None:
            return None if event.dedupe_id is None else bounded(event.dedupe_id)
        source: Mapping[str, Json] = {"name": self.name, "region": self.region}
        try:
            key = self.dedupe.evaluate(Context.of(event, source=source, region=self.region))
        except ExpressionError:
            return None  # an id that cannot be made makes no submission a duplicate: better twice than lost
        return None if key in (ABSENT, None) else bounded(str(key))

    def content(self, event: Event) -> bytes | None:
        """A digest of what an event says, by which a repetition is known that has no id; None where none is."""
        return content_of(event, but=self.preset.volatile) if self.dedupe_window else None


def desks(settings: Settings, *, aside: Aside | None = None) -> dict[str, Desk]:
    """Every source of a configuration; unproved requests are set `aside` where one asks for it."""
    return {
        name: Desk(
            name=name,
            preset=PRESETS[source.preset],
            scheme=source.scheme,
            region=source.region or settings.defaults.region,
            dedupe=source.dedupe,
            dedupe_window=(
                PRESETS[source.preset].dedupe_window * 1_000 if source.dedupe_window is None else source.dedupe_window
            ),
            aside=aside,
            most_aside=source.quarantine or 0,
            handshakes=_handshakes(source),
            verify_tokens=tuple(token.get_secret_value().encode() for token in source.verify_tokens),
            secrets_at=_secrets_at(source),
            fetching=_fetching(source),
        )
        for name, source in settings.sources.items()
    }


def _fetching(source: Source) -> FetchAccount | None:
    known = PRESETS[source.preset].fetch
    if source.fetch is None or known is None:
        return None
    limit, window = source.fetch.limit_of(known)
    return FetchAccount(
        known=known,
        base_url=source.fetch.address(known),
        version=source.fetch.version or known.version,
        quota=FetchQuota(limit=limit, window=window),
        token=source.fetch.token.get_secret_value(),
        also=source.fetch.also,
    )


def _handshakes(source: Source) -> tuple[Handshake, ...]:
    brought = PRESETS[source.preset].handshakes
    kind = source.handshake.kind if source.handshake else None
    return brought if kind is None else (*brought, HANDSHAKES[kind])


def _secrets_at(source: Source) -> tuple[str, ...]:
    preset = PRESETS[source.preset]
    places = set(preset.secrets_at)
    if preset.scheme is not None and preset.scheme["scheme"] == "body":
        places.add(str(preset.scheme["field"]))
    if source.scheme.scheme == "body":
        places.discard(source.scheme.field)
    return tuple(sorted(places))
