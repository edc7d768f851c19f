"""The Dockerfile as tests read it: its stages and their instructions."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.generated import ROOT

DOCKERFILE: Final = ROOT / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Instruction:
    """`NAME arguments`, on one line."""

    name: str
    arguments: str

    @property
    def words(self) -> list[str]:
        """The arguments of the exec form; fails when it is a shell's."""
        start = self.arguments.index("[")
        words: list[str] = json.loads(self.arguments[start:])
        return words


def stages() -> list[list[Instruction]]:
    """The instructions of every stage, which its FROM begins."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[list[Instruction]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            found.append([])
        if found:  # before the first FROM stands the ARG that names the base
            found[-1].append(Instruction(name, arguments.strip()))
    return found


def named(stage: Sequence[Instruction], name: str) -> list[Instruction]:
    """The instructions of a stage with this name."""
    return [one for one in stage if one.name == name]


def last(name: str) -> Instruction:
    """The only instruction of the last stage with this name."""
    (found,) = named(stages()[-1], name)
    return found
