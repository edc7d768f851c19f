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
from leadbridge.sources.registry import PRESETS

_QUOTED: Final = ", ".join(f"`{name}`" for name in PRESETS)
FOLDER: Final = Path(__file__).parent
PLANTED: Final = "planted-secret"  # part of every secret in the corpus and in its environment
ENVIRON: Final = {
    "TOKEN": f"{PLANTED}-one",
    "OLD_TOKEN": f"{PLANTED}-two",
    "COPPER_TOKEN": f"{PLANTED}-three",
    "LEADCONNECTOR_TOKEN": f"{PLANTED}-four",
    "SIGNING_KEY": "whsec_cGxhbnRlZC1zZWNyZXQtZml2ZQ==",
    "RSA_KEY": (
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsbImQrsiBbhln5Llb7RnNsq1+amgiynWgNl6GRTwY5kvOrT2+Fl9V5QbTGZBAR20"
        "5SoqmPolVQFFPiylBUfWi64ZIePTkXhSJgqK/vBDo6gfEICrSvFUWd52OgYv890DHb7jzMr2DLiDiL96YU5+KF/Z1pLslko9mkCrtkz2wVIB"
        "MML3MdO/8QX93sCE7s+NSs5nIuCsPSbEGWQebDG84HPbg/XwsvOAL24kssj764dNYt6uLbLD/o6G9ozlPpXIxtpnd7oygMjjSD/L5ZP/CUZF"
        "o3K+v7Mq6hBlgpTTQSX1pHoPQMwfYUTMqc1+hLTMSidbI9JiPPoGENL7KL4OZwIDAQAB"
    ),
    "SHORT_RSA_KEY": (
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8rvcB1asw4FgFBKHqBdd0Nsbx1b1rbZtLozgc8+a2Cl08c6U9uKWh1XlvkopjCSr3MGEY"
        "bfGq5It+Sj432BnhXA4tXgSJ4G3NMa9gCArdpi6XB3UTV/N/+uGD5mRCjlIQykO1BU7QQ41mAFoijMgaLdD/cul9FhkXM+Wp4nSd0wIDAQAB"
    ),
    "ED25519_KEY": (
        "-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAFnBMcx3i/c1c6bJ7YoBtzPfNndDeLwnKme9o/8qg3iM=\\n"
        "-----END PUBLIC KEY-----"
    ),
    "WORD": "null",
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
        """What its top says of the kind `expect` or `warn`, in order; `<presets>` stands for all that there are."""
        said = re.findall(rf"^# {kind}: (.*)$", self.text, re.MULTILINE)
        return [one.replace("<presets>", ", ".join(PRESETS)).replace("<`presets`>", _QUOTED) for one in said]

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
