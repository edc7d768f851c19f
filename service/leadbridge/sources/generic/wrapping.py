"""What builders wrap around an answer: options with their ids, parts with their labels, JSON as text."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from leadbridge.events import Json
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.questions import Items
from leadbridge.sources.generic.texts import Texts

_DEEPEST: Final = 6  # wrappers around one value
_LONGEST_TEXT: Final = 1_000  # characters of JSON as an answer
_MOST_PARTS: Final = 50  # of one answer
_LOOKED_AT: Final = 200  # characters of a value
_BARE: Final = frozenset({"id", "ref", "type", "key", "slug", "index", "position", "sort", "rowid", "choiceid"})
_WRAPPED: Final = ("value", "answer", "answers", "label", "text", "simpletext", "labels", "title", "name", "other")
_WRAPS: Final = frozenset({"value", "label", "text", "simpletext", "labels", "answer", "answers"})
_LABELS: Final = frozenset({"label", "title", "name"})
_ENDINGS: Final = ("answer", "answers", "value")  # `{"textAnswer": {"value": …}}`
_WHOLE: Final = ("full", "fullnumber", "international", "formatted", "e164")
_NOTHING: Final[tuple[Json, ...]] = (None, "", [])
_TELLS_ITSELF: Final = re.compile(r"@|(?:\d.*){5}")  # an address or a number, whatever its label


class Unwrapping:
    """Takes off what builders wrap around the answers of one body."""

    def __init__(self, items: Items, texts: Texts) -> None:
        self._items = items
        self._texts = texts

    def said(self, value: Json, options: Mapping[str, str], *, depth: int = 0) -> Json:
        """The answer without what is wrapped around it, options by their texts.

        A list of one scalar is that scalar, `{"label": "Blue", "id": 3}` its text, and a list of labelled parts an
        object of them (`{"First": …, "Last": …}`).
        """
        if depth > _DEEPEST:
            return value
        if isinstance(value, str):
            read = self._texts.read(value, longest=_LONGEST_TEXT)
            return options.get(value, value) if read is None else self.said(read, options, depth=depth + 1)
        if isinstance(value, dict):
            return self._of_object(value, options, depth=depth)
        if isinstance(value, list):
            if (parts := self._labelled_parts(value)) is not None:
                return {name: self.said(part, {}, depth=depth + 1) for name, part in parts.items()}
            items = [self.said(item, options, depth=depth + 1) for item in value]
            return items[0] if len(items) == 1 else items
        return value if value is None or isinstance(value, bool) else options.get(str(value), value)

    def _of_object(self, value: dict[str, Json], options: Mapping[str, str], *, depth: int) -> Json:
        keys = {words.plain(key): key for key in value}
        whole = next((value[keys[one]] for one in _WHOLE if one in keys), None)
        if isinstance(whole, str) and whole.strip():
            return whole  # beside its parts
        if len(keys) == 1 and next(iter(keys)).endswith(_ENDINGS):
            return self.said(next(iter(value.values())), options, depth=depth + 1)
        if not _is_wrapper(keys):
            return {key: self.said(part, options, depth=depth + 1) for key, part in value.items()}
        filled = [one for one in _WRAPPED if one in keys and value[keys[one]] not in _NOTHING]
        if "value" in filled and "label" in filled and not _TELLS_ITSELF.search(str(value[keys["value"]])[:_LOOKED_AT]):
            filled.remove("value")  # a chosen option, and its name for programs
        return self.said(value[keys[filled[0]]], options, depth=depth + 1) if filled else None

    def _labelled_parts(self, value: Sequence[Json]) -> dict[str, Json] | None:
        """The parts of a composite answer, where each has its own label and value."""
        if not 2 <= len(value) <= _MOST_PARTS or not all(isinstance(item, dict) for item in value):
            return None
        if not any(words.plain(key) in _LABELS for item in value for key in item):
            return None
        items = [self._items.of(item) for item in value]
        titles = [one.question.title or next(iter(one.question.names), "") for one in items]
        if not all(titles) or len(set(titles)) != len(titles) or not all(one.has_value for one in items):
            return None
        return dict(zip(titles, (one.value for one in items), strict=True))


def _is_wrapper(keys: Mapping[str, str]) -> bool:
    """Whether an object of these plain keys holds one value, or the option that was chosen."""
    others = keys.keys() - _BARE
    return bool(others) and others <= {*_WRAPPED} and (len(others) == 1 or bool(others & _WRAPS))
