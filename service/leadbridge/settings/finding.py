"""Whether a route's `match` says how the record is found, or the CRM decides that itself."""

from collections.abc import Iterator
from typing import Final

from leadbridge.crm.adapter import Adapter
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Path, Problem
from leadbridge.settings.route import Route

_LISTS: Final = {"email": "emails", "phone": "phones"}


def finding_problems(
    document: Document, path: Path, route: Route, adapter: type[Adapter], *, title: str
) -> Iterator[Problem]:
    """A warning where `match` is meant to keep the CRM from finding the record by something that the lead has too."""
    record = route.upsert or adapter.records[0]
    if "match" not in route.model_fields_set or record not in adapter.records:
        return
    keys, named = adapter.lead_keys_of(record), {match.by for match in route.match}
    for key, more in _LISTS.items():
        unruled = route.write.get(key, route.write.get(more, "always")) == "always"
        if keys[key].finds and key not in named and unruled and route.gives(key, more):
            yield document.problem(
                (*path, "match"),
                f"{title} also looks for the record by `{key}`, whatever this says",
                hint=f"leave `{key}` out, or give it a rule: `write: {{{key}: if_empty}}`",
                severity="warning",
            )
