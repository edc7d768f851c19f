"""Options that are a choice among known names, and models chosen by a name within them."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from leadbridge.events import Json

Model = TypeVar("Model", bound=BaseModel)

# The error types whose problem and hint are in plain words already: of a value, and of an option that is not there.
SAID: Final = "leadbridge"
NOT_THERE: Final = "leadbridge_missing"

# Other names of what has a name here: white labels and old names of the CRMs.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "ghl": "leadconnector",
    "gohighlevel": "leadconnector",
    "highlevel": "leadconnector",
    "leadway": "leadconnector",
    "prosperworks": "copper",
}


def refusal(problem: str, hint: str = "") -> PydanticCustomError:
    """A validation error in our own words, which reach the person as they are."""
    return PydanticCustomError(SAID, "{problem}", {"problem": problem, "hint": hint})


def missing(hint: str) -> PydanticCustomError:
    """The refusal of an option that must be given and is not."""
    return PydanticCustomError(NOT_THERE, "is missing", {"problem": "is missing", "hint": hint})


def near(name: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant."""
    by_folded = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[found[0]] if found else None


def advice(name: str, choices: Iterable[str], *, what: str) -> str:
    """`it is … here`, `did you mean …`, or every choice where none is near."""
    choices = sorted(choices)
    other = _OTHER_NAMES.get("".join(letter for letter in name.casefold() if letter.isalnum()))
    if other in choices:
        return f"it is `{other}` here"
    meant = near(name, choices)
    if meant:
        return f"did you mean `{meant}`?"
    return f"{what}: {', '.join(choices) or 'none yet'}"


def chosen(value: Json, choices: Iterable[str], *, what: str) -> str:
    """`value`, one of the choices; refused otherwise, with the one that was probably meant."""
    choices = list(choices)
    if not isinstance(value, str):
        raise refusal("must be text", f"the choices: {', '.join(sorted(choices))}")
    if value not in choices:
        raise refusal(f"unknown {what} `{value}`", advice(value, choices, what="the choices"))
    return value


def chosen_model(value: Mapping[str, Json], models: Mapping[str, type[Model]], *, key: str) -> Model:
    """`value` as the model that its own `key` names."""
    if key not in value:
        refuse_at(key, missing(f"the choices: {', '.join(sorted(models))}"))
    try:
        name = chosen(value[key], models, what=f"`{key}`")
    except PydanticCustomError as error:
        refuse_at(key, error)
    return models[name].model_validate(value)


def refuse_at(key: str, error: PydanticCustomError) -> NoReturn:
    """Refuse the value at `key` within the one that is being validated."""
    raise ValidationError.from_exception_data("settings", [InitErrorDetails(type=error, loc=(key,), input=None)])
