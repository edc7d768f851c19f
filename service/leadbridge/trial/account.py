"""The CRM account that a trial imagines: it has whatever the plan names, under ids that are shown as unknown."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from leadbridge.events import Json
from leadbridge.expressions.values import text_of
from leadbridge.plan import Plan, RecordKind
from leadbridge.sandbox import CopperSeed, LeadConnectorSeed

THERE = "<{} that are there already>"  # in a list that a CRM replaces as a whole


@dataclass(slots=True)
class Imagined:
    """The ids that were made up, each with the words that are shown instead, and what was taken to be so.

    The emulated CRM made those of `records`, as numbers that a form's value may equal: they count only in paths and
    where nothing but an id can stand.
    """

    words: dict[Json, str] = field(default_factory=dict)
    records: dict[Json, str] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)

    def named(self, made_up: Json, words: str) -> Json:
        """Note that `made_up` stands for something that only the account knows; returns it."""
        self.words[made_up] = f"<{words}>"
        return made_up

    def shown(self, value: Json) -> Json:
        """A value of a call with the words in the place of every id that was made up."""
        match value:
            case dict():
                return {key: self._id(item) if key == "id" else self.shown(item) for key, item in value.items()}
            case list() | tuple():
                return [self.shown(item) for item in value]
            case str() | int() if not isinstance(value, bool):
                return self.words.get(value, value)
        return value

    def _id(self, value: Json) -> Json:
        """What stands where only an id does: what a note is for."""
        return self.records.get(value, value) if isinstance(value, int) else self.shown(value)

    def shown_path(self, path: str) -> str:
        """A call's path with the words in the place of every id that was made up."""
        by_text = {str(made_up): words for made_up, words in (self.words | self.records).items()}
        return "/".join(by_text.get(segment, segment) for segment in path.split("/"))


class Seeding(Protocol):
    """What an account holds for a plan; with `existing`, a record of the person too."""

    def __call__(
        self, plan: Plan, imagined: Imagined, *, account: str, existing: bool
    ) -> CopperSeed | LeadConnectorSeed:
        """The seed for the sandbox; what was made up for it is noted in `imagined`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulated:
    """One CRM that the sandbox emulates: where it is, and what its account is to hold."""

    path: str
    named_by_token: bool  # how the sandbox calls the account: by its token, else by what the adapter says
    records: Mapping[RecordKind, str]  # where the sandbox's state of an account lists them
    seed: Seeding


def custom_fields_of(plan: Plan) -> Mapping[str, Json]:
    """Every custom field that the plan names, also to match by, with the value for it."""
    fields = dict(plan.custom_fields)
    if plan.match is not None and plan.match.by == "custom" and plan.match.field:
        fields.setdefault(plan.match.field, plan.match.value)
    return fields


def options_of(value: Json) -> list[str]:
    """The labels of the options that a list of values would choose."""
    labels = [text_of(item) for item in value] if isinstance(value, list) else []
    return list(dict.fromkeys(label for label in labels if label.strip()))


def is_number(value: Json) -> bool:
    """Whether a CRM's number field would take it as it is."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers() -> Iterator[int]:
    """Made-up ids of Copper's kind, so large that no form's value is taken for one."""
    return itertools.count(731_655_402_700_000_001)


def codes() -> Iterator[str]:
    """Made-up ids of LeadConnector's kind."""
    return (f"madeUpByTheTrial{number:04d}" for number in itertools.count(1))


def is_code(text: str) -> bool:
    """Whether it looks like an id of LeadConnector's own."""
    return re.fullmatch(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{20}", text) is not None
