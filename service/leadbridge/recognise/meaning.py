"""What a phrase of a label can mean."""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Context: TypeAlias = Literal[
    "someone_else", "relation", "maybe_else", "ward", "not_a_name", "not_a_phone", "not_a_website", "nothing",
    "honeypot", "leave", "empty", "field", "refusal", "oneself", "bookkeeping",
    "landline", "offers", "sending", "processing",
]  # fmt: skip
CONTEXTS: Final[tuple[Context, ...]] = (
    "someone_else", "relation", "maybe_else", "ward", "not_a_name", "not_a_phone", "not_a_website", "nothing",
    "honeypot", "leave", "empty", "field", "refusal", "oneself", "bookkeeping",
    "landline", "offers", "sending", "processing",
)  # fmt: skip

OTHERS: Final = frozenset[Context]({"someone_else", "relation"})
"""The contexts of somebody else; a relation is the submitter where the form asks for nobody else."""


@dataclass(slots=True)
class Meaning:
    """What a phrase says; targets and contexts have the languages in which it does.

    `anywhere` are the targets that it stands for also among words that no table knows, `role` is somebody who may
    submit a form.
    """

    targets: dict[str, set[str]] = field(default_factory=dict)
    anywhere: set[str] = field(default_factory=set)
    contexts: dict[Context, set[str]] = field(default_factory=dict)
    noise: bool = False
    own: bool = False
    role: bool = False
