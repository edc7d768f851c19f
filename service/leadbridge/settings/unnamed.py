"""What can be said of a source's `verify:` while nobody knows which preset is meant."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails

from leadbridge.events import Json
from leadbridge.schemes import Unsigned
from leadbridge.settings.choices import chosen_model

_NO_OPTION: Final = "extra_forbidden"


def judged_alone(value: Json, schemes: Mapping[str, type[BaseModel]]) -> BaseModel:
    """The verification as the scheme in it judges it; without one only options that no scheme has are refused."""
    if not isinstance(value, Mapping):
        return Unsigned()
    if "scheme" in value:
        return chosen_model(value, schemes, key="scheme")
    known = {option for scheme in schemes.values() for option in scheme.model_fields}
    if unknown := [option for option in value if option not in known]:
        lines = [InitErrorDetails(type=_NO_OPTION, loc=(option,), input=None) for option in unknown]
        raise ValidationError.from_exception_data("settings", lines)
    return Unsigned()
