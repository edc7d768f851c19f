"""Every page is true: its links lead somewhere, the files it names exist, its commands and options are ours."""

import re
import shlex
from pathlib import Path

from typer.main import get_command

from leadbridge.cli import app
from tests.docs.pages import PAGES, Fence, anchors, codes, fences, links, name_of, prose
from tests.docs.source import PACKAGE
from tests.generated import ROOT
from tests.support.walked import walked

COMMANDS = getattr(get_command(app), "commands", {})
MAKE = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
TOP = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"data", "dist"}
NAMES = {path.name for top in ("service", "docs", "tests") for path in (ROOT / top).rglob("*.*")}  # `doc.md`, `keys.py`
SHELLS = ("sh", "console")


@walked("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target) if target else page
        assert found.exists(), f"{name_of(page)} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(found), (
                f"{name_of(page)} links to #{anchor} of {name_of(found.resolve())}, which has only "
                f"{', '.join(sorted(anchors(found)))}"
            )


def paths_in(page: Path) -> list[str]:
    """Files of the repository that the text names: what begins with a folder of its root, or ends like a source."""
    found = []
    for code in codes(page):
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", code) and not re.search(r"\b[A-Z]{3,}\b(?!\.md)", code):
            first = code.partition("/")[0]
            if ("/" in code and first in TOP) or re.fullmatch(r"[\w/]+\.(py|md|toml|sql)", code):
                found.append(code)
    return found


@walked("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    missing = [
        path
        for path in paths_in(page)
        if path not in NAMES
        if not any((root / path).exists() for root in (ROOT, PACKAGE, page.parent))
    ]
    assert missing == [], f"{name_of(page)} names files that are not there"


def commands_in(fence: Fence) -> list[list[str]]:
    """The simple commands of a block, as words; `console` shows what is typed behind `$` or `#`."""
    text = fence.body.replace("\\\n", " ")
    if fence.language == "console":
        text = "".join(f"{line[2:]}\n" for line in text.splitlines() if line[:2] in ("$ ", "# "))
    words = shlex.shlex(re.sub(r"(?m)(^|\s)# .*$", "", text), posix=True, punctuation_chars=";&|\n")
    words.whitespace, words.whitespace_split, words.commenters = " \t", True, ""
    found: list[list[str]] = [[]]
    for word in words:
        if set(word) <= set(";&|\n"):
            found.append([])
        else:
            found[-1].append(word)
    return [command for command in found if command]


def ours_in(page: Path) -> list[list[str]]:
    """What a page tells people to type of ours: `leadbridge …` and `make …`, in blocks and in the text."""
    blocks = [words for fence in fences(page, *SHELLS) for words in commands_in(fence)]
    inline = [shlex.split(code) for code in codes(page) if re.match(r"(leadbridge|make) [a-z]", code)]
    typed = []
    for words in [*blocks, *inline]:
        at = [index for index, word in enumerate(words) if Path(word).name in ("leadbridge", "make")]
        if at:  # the last: `sudo -u leadbridge leadbridge list`
            typed.append([Path(words[at[-1]]).name, *words[at[-1] + 1 :]])
    return typed


@walked("page", PAGES, ids=name_of)
def test_every_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    for program, *words in ours_in(page):
        if program == "make":
            goals = [word for word in words if "=" not in word and not word.startswith("-")]
            assert set(goals) <= MAKE, f"{name_of(page)}: the Makefile has no {goals}"
            continue
        if not words or words[0].startswith("-"):
            continue
        command = COMMANDS.get(words[0])
        assert command is not None, f"{name_of(page)}: there is no `leadbridge {words[0]}`"
        options = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        given = {word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
        unknown = given - options - {"--help"}
        assert unknown == set(), f"{name_of(page)}: `leadbridge {words[0]}` has no {', '.join(sorted(unknown))}"


@walked("page", PAGES, ids=name_of)
def test_the_commands_of_a_page_are_run_by_a_test(page: Path) -> None:
    typed = [words for fence in fences(page, "sh") for words in commands_in(fence)]
    if all(words[0] == "make" for words in typed):
        return
    tests = [path.name for path in (ROOT / "tests").rglob("test_*.py") if page.name in path.read_text("utf-8")]
    assert set(tests) - {"test_docs_operations.py"} != set(), (
        f"no test names {page.name}: write one that runs its `sh` blocks, or show what is not to be pasted as `console`"
    )


@walked("page", PAGES, ids=name_of)
def test_a_block_says_its_language(page: Path) -> None:
    assert [fence.body for fence in fences(page) if not fence.language] == []


@walked("page", sorted((ROOT / "docs").glob("*.md")), ids=name_of)
def test_every_page_of_the_docs_can_be_found_from_the_readme(page: Path) -> None:
    readme = ROOT / "README.md"
    reached, waiting = set(), [readme]
    while waiting:
        current = waiting.pop().resolve()
        if current in reached or current.suffix != ".md":
            continue
        reached.add(current)
        waiting += [
            current.parent / link.partition("#")[0]
            for link in links(current)
            if "://" not in link and not link.startswith("#")
        ]
    assert page.resolve() in reached, f"link {name_of(page)} from README.md, or from a page that is linked there"


def test_the_pages_are_read_as_they_are_meant(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`\n\n## One\n\n```sh\n# no heading\n[no](link.md)\n```\n\n[a](x.md#y) `code` [b](<z.md>)\n"
    )
    assert anchors(page) == {"one-two", "one"}
    assert links(page) == ["x.md#y", "z.md"]
    assert codes(page) == ["two", "code"]
    assert "no heading" not in prose(page)
    assert [(fence.language, fence.body) for fence in fences(page)] == [("sh", "# no heading\n[no](link.md)\n")]
