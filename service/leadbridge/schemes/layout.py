"""Where a signature and what is signed stand in a request, and how they are written."""

from string import Formatter
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, model_validator

HeaderName: TypeAlias = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
HashName: TypeAlias = Literal["sha1", "sha256", "sha512"]

PLACES: Final = ("id", "timestamp", "body", "method", "url")


class Strict(BaseModel):
    """A value of the configuration under `verify:`."""

    # Input is hidden because a ValidationError quotes what it refuses, and that may be a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class SignatureParts(Strict):
    """A signature header made of named parts, such as `t=1700000000,v1=5257a8…` (Stripe, Calendly)."""

    signature: str = Field(min_length=1, description="The part that holds a signature; it may come several times.")
    timestamp: str | None = Field(default=None, min_length=1, description="The part that holds the timestamp.")
    separator: str = Field(default=",", min_length=1, description="What stands between two parts.")


class Layout(Strict):
    """Where the signatures and what is signed with the body stand in a request, and how they are written."""

    header: HeaderName = Field(description="The header that holds the signature.")
    encoding: Literal["hex", "base64", "base64url"] = Field(default="hex", description="How the signature is written.")
    prefix: str = Field(default="", description='What stands before each signature, such as "sha256=".')
    separator: str | None = Field(
        default=None,
        min_length=1,
        description="What stands between several signatures in the header; any may match.",
    )
    fields: SignatureParts | None = Field(
        default=None, description="For a header of named parts such as `t=…,v1=…`: which part is what."
    )
    signs: str = Field(
        default="{body}",
        description="What is signed: text around {body}, and {id}, {timestamp}, {method}, {url} where the "
        "vendor has them. Write {{ and }} for braces.",
    )
    id_header: HeaderName | None = Field(default=None, description="The header that holds {id}.")
    timestamp_header: HeaderName | None = Field(default=None, description="The header that holds {timestamp}.")
    timestamp_unit: Literal["s", "ms"] = Field(
        default="s", description="The timestamp counts seconds or milliseconds since 1970."
    )
    tolerance: PositiveInt | Literal["none"] = Field(
        default=300,
        description="Seconds that the timestamp may be off, in the past and in the future, or none.",
    )

    places: ClassVar[tuple[str, ...]] = PLACES  # what `signs` may hold

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        used = _used(self.signs, self.places)
        in_parts = self.fields is not None and self.fields.timestamp is not None
        problems = {
            "signs must hold {body}: without it the body is not proved": "body" not in used,
            "signs must hold {secret}: without it anyone can sign": "secret" in self.places and "secret" not in used,
            "signs holds {timestamp}, so say where it is: `timestamp_header`, or `fields: {timestamp: …}`": (
                "timestamp" in used and not (self.timestamp_header or in_parts)
            ),
            "a timestamp proves nothing unless it is signed: put {timestamp} into signs": (
                "timestamp" not in used and bool(self.timestamp_header or in_parts)
            ),
            "the timestamp is in `timestamp_header` or in `fields.timestamp`, not in both": (
                self.timestamp_header is not None and in_parts
            ),
            "tolerance and timestamp_unit need a timestamp: say `timestamp_header`, or leave them out": (
                "timestamp" not in used and not self.model_fields_set.isdisjoint({"tolerance", "timestamp_unit"})
            ),
            "signs holds {id}, so say its header: `id_header`": "id" in used and self.id_header is None,
            "an id_header has no effect unless signs holds {id}": "id" not in used and self.id_header is not None,
            "several signatures are in `fields`, or between a `separator`, not both": (
                self.fields is not None and self.separator is not None
            ),
        }
        found = [problem for problem, holds in problems.items() if holds]
        if found:
            raise ValueError("; ".join(found))
        return self


def _used(template: str, places: tuple[str, ...]) -> set[str]:
    try:
        parts = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(template)]
    except ValueError as exc:
        raise ValueError(f"signs cannot be read ({exc}): write {{{{ and }}}} for braces") from exc
    named = [part for part in parts if part[0] is not None]
    for name, spec, conversion in named:
        if name not in places or spec or conversion:
            raise ValueError(f"signs knows {', '.join(f'{{{place}}}' for place in places)}, not {{{name}}}")
    return {str(name) for name, _, _ in named}
