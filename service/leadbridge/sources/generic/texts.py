"""JSON that travels as text within another body."""

from typing import Final

from leadbridge.bodies.json_body import read_json
from leadbridge.errors import Unparseable
from leadbridge.events import Json

_LONGEST: Final = 200_000  # characters
_MOST_VALUES: Final = 10_000  # in all texts of one body; it has no more of them itself
_FEWEST: Final = 5  # of an object or list with anything in it
_ENDS: Final = {"{": "}", "[": "]"}


def looks_like_json(text: str) -> bool:
    """Whether the text begins and ends as an object or list does."""
    return len(text) >= _FEWEST and text[0] in "{[ \n\t\r" and text.lstrip()[:1] in _ENDS


class Texts:
    """Reads the texts of one body, until they had as many values as a body may have: the others stay texts."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def read(self, text: str, *, longest: int = _LONGEST) -> Json:
        """The object, or the list of objects, that the text is; None for any other text."""
        if self._left < 0 or not looks_like_json(text) or len(text) > longest:
            return None
        bare = text.strip()
        if bare[-1] != _ENDS[bare[0]]:
            return None
        self._left -= sum(map(bare.count, ",[{"))
        return _json_in(bare) if self._left >= 0 else None


def _json_in(text: str) -> Json:
    try:
        read = read_json(text.encode("utf-8", "surrogatepass"), None)
    except Unparseable:
        return None
    is_read = isinstance(read, dict) or (isinstance(read, list) and any(isinstance(item, dict | list) for item in read))
    return read if is_read else None
