"""What is known of a sender, as a declared value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leadbridge.bodies.document import Document
from leadbridge.events import Event, Json, Reply

Shape: TypeAlias = Callable[[Document], Iterable[Event]]
"""Document to events: `fields`, `meta`, `raw` and `files`; `parse` adds the ids and times. It raises `Unparseable`."""


@dataclass(frozen=True, slots=True)
class Header:
    """A value that stands in a header of the request; `name` is lower-cased."""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """A value that stands in the event's `raw`, at keys and indexes with dots between: `form_response.token`."""

    path: str


Place: TypeAlias = Header | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Documents that are no leads, by the text at `path`: one of `values`, or (with `unless`) anything else.

    `{value}` in `reason` stands for what was found. A document without a value at `path` is a lead.
    """

    path: str
    reason: str
    values: tuple[Json, ...] = ()
    unless: tuple[Json, ...] = ()

    def why(self, document: Json) -> str | None:
        """The reason why `document` is no lead; None when this rule has none."""
        found = at(document, self.path)
        if found is None or isinstance(found, dict | list):
            return None
        unwanted = found in self.values if self.values else found not in self.unless
        return self.reason.format(value=str(found)[:100]) if unwanted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A sender: its shape, signature scheme, dedupe id, and the reply it wants.

    `scheme` holds the options that the source's `verify:` starts from, without secrets; with None the source must say
    them all. `dedupe` names where the sender's own id is, the first that is there counts. `event_at` is given only when
    the sender's clock can be trusted to order its submissions. `on_unparseable` is `accept` for a vendor that switches
    a hook off because of 4xx answers. `reply` answers instead of ours.
    """

    name: str
    title: str
    description: str
    shape: Shape
    scheme: Mapping[str, object] | None = None
    dedupe: tuple[Place, ...] = ()
    event_at: Path | None = None
    ignore: tuple[Ignore, ...] = ()
    on_unparseable: Literal["reject", "accept"] = "reject"
    reply: Reply | None = None


def at(document: Json, path: str) -> Json:
    """What stands at `path` (keys and list indexes, with dots between); None when nothing does."""
    found = document
    for step in path.split("."):
        match found:
            case dict():
                found = found.get(step)
            case list() if step.isdecimal() and step.isascii() and len(step) < 7 and int(step) < len(found):
                found = found[int(step)]
            case _:
                return None
    return found
