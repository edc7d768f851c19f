"""What is known of a sender, as a declared value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from leadbridge.bodies.document import Document
from leadbridge.events import Event, Json, Reply
from leadbridge.sources.fetching import Fetch
from leadbridge.sources.handshakes import Handshake
from leadbridge.sources.places import at

Shape: TypeAlias = Callable[[Document], Iterable[Event]]
"""Document to events: `fields`, `meta`, `raw` and `files`; `parse` adds the ids and times. It raises `Unparseable`."""

_CONTAINERS: Final = (dict, list)
_UNSET: Final = ("", "0", "false", "no", "off", "null", "none")  # what a form writes where JSON has nothing or false


@dataclass(frozen=True, slots=True)
class Header:
    """A value that stands in a header of the request; `name` is lower-cased."""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """A value that stands in the event's `raw`, at keys and indexes with dots between: `form_response.token`."""

    path: str


@dataclass(frozen=True, slots=True, init=False)
class Joined:
    """Several places that make one id together, with `:` between; without one of them there is none."""

    places: tuple[Header | Path, ...]

    def __init__(self, *places: Header | Path) -> None:
        object.__setattr__(self, "places", places)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that stands in the event's `raw`: ISO 8601 with its offset, or seconds or milliseconds since 1970."""

    path: str
    unit: Literal["iso", "s", "ms"] = "iso"


Place: TypeAlias = Header | Path | Joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Requests that are no leads, by what stands at `path`, or in the header `header` (lower-cased).

    That is one of `values`; or, with `unless`, anything else; or, with `present`, anything but nothing, false, zero and
    an empty or negative text (a spam flag, a filled honeypot). `{value}` in `reason` stands for what was found. Without
    a value there the rule has nothing to say.

    A rule looks at the document; and at the `raw` of each event that is only a part of it, which it ignores alone.
    """

    reason: str
    path: str = ""
    header: str = ""
    values: tuple[Json, ...] = ()
    unless: tuple[Json, ...] = ()
    present: bool = False

    def why(self, document: Json, headers: Mapping[str, str] | None = None) -> str | None:
        """The reason why this is no lead; None when this rule has none."""
        found = (headers or {}).get(self.header) if self.header else at(document, self.path)
        if found is None:
            return None
        if self.present:
            unwanted = found.strip().lower() not in _UNSET if isinstance(found, str) else bool(found)
        elif isinstance(found, _CONTAINERS):
            return None
        else:
            unwanted = found in self.values if self.values else found not in self.unless
        return self.reason.format(value=str(found)[:100]) if unwanted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A sender: its shape, signature scheme, dedupe id, and the reply it wants.

    `scheme` holds the options that the source's `verify:` starts from, without secrets; with None the source must say
    them all. `dedupe` names where the sender's own id is, the first that is there counts. `event_at` is given only when
    the sender's clock can be trusted to order its submissions. `meta_headers` are headers that stand in each event's
    `meta`, by our name. Where a submission has no id, the same answers within `dedupe_window` are a repetition. What is
    made anew for each sending (a counter of tries, a time) is named in `volatile`, by its path in `raw` or its field,
    and makes no revision. `thin` says what a notification lacks that only announces a lead, and where that is to be
    had; `fetch` how. `handshakes` are the vendor's questions whether the URL is ours. `secrets_at` are places in the
    body that hold secrets and are masked, however the sender is verified; that of a `body` scheme need not be said.
    `on_unparseable` is `accept` for a vendor that switches a hook off because of 4xx answers. `reply` answers instead
    of ours.
    """

    name: str
    title: str
    description: str
    shape: Shape
    scheme: Mapping[str, object] | None = None
    dedupe: tuple[Place, ...] = ()
    dedupe_window: int = 0  # seconds
    volatile: frozenset[str] = frozenset()  # paths in `raw`, names of fields
    event_at: Path | Moment | None = None
    ignore: tuple[Ignore, ...] = ()
    meta_headers: Mapping[str, str] = field(default_factory=dict)
    thin: str | None = None
    fetch: Fetch | None = None
    on_unparseable: Literal["reject", "accept"] = "reject"
    reply: Reply | None = None
    handshakes: tuple[Handshake, ...] = ()
    secrets_at: tuple[str, ...] = ()
