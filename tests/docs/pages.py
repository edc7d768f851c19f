"""Markdown pages as tests read them: tables, fences, headings, links, code in the text."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.generated import ROOT

PAGES: Final = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(path for folder in ("docs", "service", "config", "tests", "helm") for path in (ROOT / folder).rglob("*.md")),
    ]
)
OPERATIONS: Final = ROOT / "docs" / "operations.md"
_FENCE: Final = re.compile(r"^(?P<mark>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=mark)$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, its text, and the last line that stands before it."""

    language: str
    body: str
    before: str


def name_of(page: Path) -> str:
    """A page's path from the root, for the test's id."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path, *languages: str) -> list[Fence]:
    """The fenced blocks of a page in its order; of these languages alone, if some are given."""
    text = page.read_text("utf-8")
    found = [
        Fence(match["info"].strip(), match["body"], text[: match.start()].rstrip().rpartition("\n")[2])
        for match in _FENCE.finditer(text)
    ]
    return [fence for fence in found if not languages or fence.language in languages]


def prose(page: Path) -> str:
    """A page without its fenced and indented blocks and comments."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    return re.sub(r"(?<=\n\n)(?: {4}.*\n)+", "", text)


def links(page: Path) -> list[str]:
    """Where a page's links lead, those of code in the text left out."""
    return re.findall(r"\]\(<?([^)\s>]+)>?\)", re.sub(r"`[^`\n]*`", "", prose(page)))


def anchors(page: Path) -> set[str]:
    """What a link may put behind `#`: every heading as GitHub names it."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} (.+?)\s*#*$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {f"{slug}-{number}" if number else slug for slug, most in found.items() for number in range(most + 1)}


def codes(page: Path) -> list[str]:
    """Code in the text, without its backticks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def section(page: Path, heading: str) -> str:
    """The text under a heading, up to the next of its level or above."""
    text = page.read_text("utf-8")
    begun = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.MULTILINE)
    if begun is None:
        raise LookupError(f"{name_of(page)} has no heading `{heading}`")
    rest = text[begun.end() :]
    ended = re.search(rf"^#{{1,{len(begun[1])}}} ", rest, re.MULTILINE)
    return rest[: ended.start()] if ended else rest


def table(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    lines = re.search(r"^\|.*\|\n\|[-| :]+\|\n((?:\|.*\|\n?)*)", section(page, heading), re.MULTILINE)
    if lines is None:
        raise LookupError(f"{name_of(page)} has no table under `{heading}`")
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[1].splitlines()]


def named(page: Path, heading: str) -> set[str]:
    """The code in the first column of the table under a heading."""
    return {name for cells in table(page, heading) for name in re.findall(r"`([^`]+)`", cells[0])}
