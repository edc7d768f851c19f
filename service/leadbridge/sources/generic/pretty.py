"""Labels that stand with all answers in one text, and beside it the answers by names for programs."""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json

_LONGEST: Final = 100_000  # characters


def labels_in(text: Json, answers: Mapping[str, Json]) -> dict[str, str]:
    """The labels of answers by their names: of `Name:Ann, E-mail:ann@example.com` beside `{"q3_input3": "Ann", …}`.

    Answers that the text does not have in their order have none.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return {}
    found: dict[str, str] = {}
    at = 0
    is_behind = False  # answers that were not found
    for name, value in answers.items():
        said = _said(value)
        place = text.find(f":{said}", at) if said else -1
        label = text[at:place].strip(" ,\n")
        after = place + 1 + len(said)
        if place > at and label and text[after : after + 2] in ("", ", ", ",\n") and "\n" not in label:
            found[name] = label.rpartition(", ")[2] if is_behind else label
            at = after + 2
            is_behind = False
        else:
            is_behind = is_behind or bool(said)
    return found


def _said(value: Json) -> str:
    if isinstance(value, dict):
        return " ".join(str(part).strip() for part in value.values() if part not in (None, ""))
    return str(value).strip() if isinstance(value, str | int | float) else ""
