"""An announced event with what was fetched for it: the presets' `complete`, made of a shape as their `shape` is."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.sources.fetching import Answers, Completing
from leadbridge.sources.places import at
from leadbridge.sources.preset import Ignore, Shape

FETCHED: Final = "fetched"
"""Where the vendor's documents stand in a completed event's `raw`, by the names of their steps."""


def completing(
    shape: Shape, *, needs: str | None = None, ignore: Iterable[Ignore] = (), beside: str | None = None
) -> Completing:
    """The announced event with the fields, types and `meta` that `shape` makes of the documents laid over its own.

    `shape` and the rules in `ignore` see one object: the documents by the names of their steps. The documents are in
    the event's `raw` too, under `fetched`. What was announced yields to what was fetched under the same name; with
    `beside` it stands as `beside.name` then. Raises `Unparseable` for documents without the vendor's shape: those that
    the shape refuses, and those without an object at `needs`.
    """
    rules = tuple(ignore)

    def complete(event: Event, answers: Answers) -> Event:
        documents = dict(answers)
        if needs is not None and not isinstance(at(documents, needs), dict):
            raise Unparseable("the vendor's answer has no such object", place=needs)
        found = next(iter(shape(Document(value=documents))), None)
        if found is None:
            raise Unparseable("the vendor's answer holds no lead")
        reason = found.ignored or next(filter(None, (rule.why(documents) for rule in rules)), None)
        aside = {
            f"{beside}.{name}": value
            for name, value in event.fields.items()
            if beside and name in found.fields and value != found.fields[name]
        }
        fields = {**event.fields, **found.fields, **aside}
        told = {name: kind for name, kind in event.types.items() if name not in found.fields}
        repeated = [name for name in event.second_names if name not in found.fields]
        return replace(
            event,
            fields=fields,
            types=told | dict(found.types),
            meta={**event.meta, **found.meta},
            second_names=(*repeated, *found.second_names),
            raw={**event.raw, FETCHED: documents} if isinstance(event.raw, dict) else event.raw,
            ignored=reason or event.ignored,
        )

    return complete
