"""The configurations in `valid/` and `invalid/`, with what must be said of each at its top.

A line `# expect: 4:5: sources.x.secrt: unknown option; …` is a problem, `# warn: …` a warning. They are all there are.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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

    def said(self, kind: str) -> list[str]:
        """What its top says of the kind `expect` or `warn`, in order."""
        return re.findall(rf"^# {kind}: (.*)$", self.path.read_text("utf-8"), re.MULTILINE)


def cases(folder: str) -> list[Case]:
    """Every configuration in `folder`."""
    return [Case(path) for path in sorted((FOLDER / folder).glob("*.yaml"))]
