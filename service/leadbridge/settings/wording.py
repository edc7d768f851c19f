"""The words for what pydantic and the expressions' parser refuse: what is wrong, and what to do."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

from leadbridge.events import Json
from leadbridge.settings.choices import near

_KINDS: Final = {  # by the beginning of pydantic's error type: what must stand there
    "string_type": "text",
    "int_": "a whole number",
    "float_": "a number",
    "finite_number": "a number",
    "decimal_": "a number",
    "bool_": "true or false",
    "none_required": "empty",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping of options",
    "mapping_type": "a mapping of options",
    "model_type": "a mapping of options",
    "model_attributes_type": "a mapping of options",
    "dataclass_type": "a mapping of options",
    "url_": "an address such as https://example.com",
    "ip_any_network": "a network such as 10.0.0.0/8",
    "ip_v4_network": "a network such as 10.0.0.0/8",
    "ip_v6_network": "a network such as 10.0.0.0/8",
}
_BOUNDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "greater_than": lambda said: f"more than {said['gt']:g}",
    "greater_than_equal": lambda said: f"at least {said['ge']:g}",
    "less_than": lambda said: f"less than {said['lt']:g}",
    "less_than_equal": lambda said: f"at most {said['le']:g}",
    "too_long": lambda said: f"at most {said['max_length']} items",
    "string_too_long": lambda said: f"at most {said['max_length']} characters",
}
_PROBLEMS: Final = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "is not written as it must be",
}
_LAYOUT_HINTS: Final = {
    "a list": "write [one, two], or a line with `- ` for each",
    "a mapping of options": "write `option: value`, a line for each under this one",
}


def expected(error: ErrorDetails) -> str:
    """What must stand there, as the end of "must be …"; empty when the error is of another sort."""
    kind = error["type"]
    if kind in {"literal_error", "enum"}:
        return either(f"`{one}`" for one in _literals(error))
    if kind in _BOUNDS:
        return _BOUNDS[kind](error["ctx"])
    return next((words for start, words in _KINDS.items() if kind.startswith(start)), "")


def either(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def about(name: str, option: Mapping[str, Any]) -> str:
    """What the option is for, as a hint; empty when nothing is known of it."""
    choices = [f"`{one['const']}`" for one in option.get("anyOf", ()) if "const" in one]
    if len(choices) > 1:
        return f"the choices: {', '.join(choices)}"
    first_sentence = re.split(r"\.(?:\s|$)", option.get("description", ""), maxsplit=1)[0]
    return f"about `{name}`: {first_sentence}" if first_sentence else ""


def words(error: ErrorDetails, value: Json, *, given: bool) -> tuple[str, str]:
    """Problem and hint for an error that is pydantic's own; without a hint where only the option's own can help."""
    kind, wanted = error["type"], expected(error)
    if kind in _PROBLEMS:
        return _PROBLEMS[kind], ""
    if value is None and given:
        return "has no value", f"it must be {wanted}" if wanted else ""
    if not wanted:
        return _in_plain_words(error["msg"]), ""
    if kind == "literal_error" and isinstance(value, str) and (meant := near(value, _literals(error))):
        return f"must be {wanted}", "write it without quotes" if meant == value else f"did you mean `{meant}`?"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f"must be {wanted}", "put quotes round it"
    return f"must be {wanted}", _LAYOUT_HINTS.get(wanted, "")


def _literals(error: ErrorDetails) -> list[str]:
    found = re.findall(r"'([^']*)'|(\b\d+\b)", error["ctx"]["expected"])
    return [text or number for text, number in found]


def _in_plain_words(message: str) -> str:
    """A rarer error of pydantic's: its sentences name what must be there and never the value."""
    plain = message.replace("Input should", "must").replace("String should", "must").replace("Value should", "must")
    return plain[:1].lower() + plain[1:]
