"""What stands around answers and is none: the form's title, its ids, the request, the page."""

from collections.abc import Iterator

from leadbridge.events import Json
from leadbridge.sources.fields import below, leaves
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.found import Holder


def envelope_of(holder: Holder, *, has_answers: bool, reaches: bool) -> Iterator[str]:
    """The names of what stands beside answers in `holder` and says of the form, of the request or of the page.

    `name` and `title` do so where nobody's address or number stands beside them, but among the answers (`reaches`).
    """
    beside = {
        key: (words.plain(key), value)
        for key, value in holder.value.items()
        if key not in holder.holding and value not in (None, "")
    }
    is_record = has_answers or any(words.tells_of_records(plain) for plain, _ in beside.values())
    has_contact = any(words.tells_how_to_reach(plain, value) for plain, value in beside.values())
    is_form = is_record and not has_contact and (reaches or _reaches(holder))
    for key, (plain, value) in beside.items():
        path = below(holder.path, key)
        if isinstance(value, dict):
            if plain in words.ENVELOPES:
                yield from (name for name, _ in leaves(path, value) if not _is_campaign(name))
        elif plain in words.OF_THE_ENVELOPE or (is_form and plain in words.AMBIGUOUS):
            yield path


def _reaches(holder: Holder) -> bool:
    return any(_is_address(leaf) for key in holder.holding for _, leaf in leaves(key, holder.value[key]))


def _is_campaign(name: str) -> bool:
    return name.rpartition(".")[2].lower().startswith("utm")


def _is_address(value: Json) -> bool:
    return isinstance(value, str) and "@" in value
