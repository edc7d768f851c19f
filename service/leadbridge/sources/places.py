"""Where a value stands in a document."""

from collections.abc import Iterator

from leadbridge.events import Json


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


def objects_at(document: Json, path: str) -> Iterator[dict[str, Json]]:
    """The objects in the list at `path`; none where no list is."""
    found = at(document, path)
    return (one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict))
