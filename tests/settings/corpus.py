"""The configurations in `valid/` and `invalid/`, with what must be said of each at its top.

The first line says what the file is about. A line `# expect: 4:5: sources.x.secrt: unknown option; …` is a problem,
`# warn: …` a warning. They are all there are.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from leadbridge.settings.loading import load
from leadbridge.settings.positions import read_document
from leadbridge.settings.problem import ConfigProblems, Problem

FOLDER: Final = Path(__file__).parent
PLANTED: Final = "planted-secret"  # part of every secret in the corpus and in its environment
ENVIRON: Final = {
    "TOKEN": f"{PLANTED}-one",
    "OLD_TOKEN": f"{PLANTED}-two",
    "COPPER_TOKEN": f"{PLANTED}-three",
    "LEADCONNECTOR_TOKEN": f"{PLANTED}-four",
    "SIGNING_KEY": "whsec_cGxhbnRlZC1zZWNyZXQtZml2ZQ==",
    "BRACES": f"{{{{ {PLANTED}-six }}}}",
    "EMPTY": "",
    "LIMIT": "50",
    "REGION": "CA",
    "MAIL": "ops@example.com",
}


@dataclass(frozen=True)
class Case:
    """One configuration of the corpus."""

    path: Path

    def __str__(self) -> str:
        return self.path.stem

    @property
    def text(self) -> str:
        """The file's text; bytes that are no UTF-8, which one case is about, are replaced."""
        return self.path.read_text("utf-8-sig", errors="replace")

    @property
    def data(self) -> Any:
        """What the file says, anew each time."""
        return read_document(self.text, file=self.path.name).data

    def said(self, kind: str) -> list[str]:
        """What its top says of the kind `expect` or `warn`, in order."""
        return re.findall(rf"^# {kind}: (.*)$", self.text, re.MULTILINE)

    def problems(self) -> tuple[Problem, ...]:
        """Everything that loading it says, warnings too."""
        return _problems(self.path)


@cache
def _problems(path: Path) -> tuple[Problem, ...]:
    try:
        return load(path, ENVIRON).warnings
    except ConfigProblems as error:
        return (*error.problems, *error.warnings)


def cases(folder: str) -> list[Case]:
    """Every configuration in `folder`."""
    return [Case(path) for path in sorted((FOLDER / folder).glob("*.yaml"))]
