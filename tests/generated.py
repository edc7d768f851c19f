"""The generated files, and the one command that writes or checks them.

    python -m tests.generated            write what is stale (`make docs`)
    python -m tests.generated --check    list what is stale, write nothing, exit 1 if there is any (`make check`)

To generate something more, add a line to `GENERATED`: a whole file, or the region of a file between
`<!-- generated: NAME -->` and `<!-- /generated -->`.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leadbridge.settings.reference import reference
from leadbridge.settings.schema import json_schema
from tests import licences, tables
from tests.chart import reference as chart
from tests.sandbox import tables as sandbox_tables

ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A file, or one marked region of it, and what must stand there."""

    path: str  # from the repository's root
    make: Callable[[], str]
    region: str | None = None

    def __str__(self) -> str:
        return f"{self.path} ({self.region})" if self.region else self.path

    def wanted(self, current: str) -> str:
        """The whole file's text as it should be, given its text now.

        Raises:
            LookupError: when the file has no such region, or has it twice.

        """
        if self.region is None:
            return self.make()
        mark = re.escape(f"<!-- generated: {self.region} -->")
        regions = re.compile(rf"({mark}\n)(?:(?!<!-- generated: ).)*?(<!-- /generated -->)", re.DOTALL)
        if len(regions.findall(current)) != 1:
            raise LookupError(
                f"{self.path} needs one region `<!-- generated: {self.region} -->` … `<!-- /generated -->`"
            )
        body = self.make().strip("\n")
        return regions.sub(lambda found: f"{found[1]}{body}\n{found[2]}", current)


GENERATED: Final = (
    Generated(path="config/schema.json", make=lambda: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"),
    Generated(path="docs/configuration.md", make=reference),
    Generated(path="docs/commands.md", make=tables.commands),
    Generated(path="docs/licences.md", make=licences.page),
    Generated(path="docs/operations.md", region="fetch-tokens", make=tables.fetch_tokens),
    Generated(path="docs/metrics.md", region="metrics", make=tables.metrics),
    Generated(path="README.md", region="sources", make=tables.sources),
    Generated(path="README.md", region="crms", make=tables.crms),
    Generated(path="helm/README.md", region="values", make=chart.table),
    Generated(path="docs/sandbox.md", region="endpoints", make=sandbox_tables.endpoints),
    Generated(path="docs/sandbox.md", region="vendors", make=sandbox_tables.vendors),
    Generated(path="docs/sandbox.md", region="vendor-documents", make=sandbox_tables.vendor_documents),
    Generated(path="docs/sandbox.md", region="seeds", make=sandbox_tables.seeds),
    Generated(path="docs/sandbox.md", region="recipes", make=sandbox_tables.recipes),
    Generated(path="docs/sandbox.md", region="kinds", make=sandbox_tables.kinds),
    Generated(path="docs/sandbox.md", region="matching", make=sandbox_tables.matching),
    Generated(path="docs/sandbox.md", region="switches", make=sandbox_tables.switches),
)


def stale(generated: Iterable[Generated], *, root: Path, write: bool = False) -> list[Generated]:
    """What differs from what it should be; with `write` it is brought up to date."""
    found = []
    for one in generated:
        path = root / one.path
        current = path.read_text("utf-8") if path.exists() else ""
        wanted = one.wanted(current)
        if wanted != current:
            found.append(one)
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(wanted, "utf-8")
    return found


def main(arguments: Sequence[str], *, generated: Iterable[Generated] = GENERATED, root: Path = ROOT) -> int:
    """The command; returns its exit code."""
    if set(arguments) - {"--check"}:
        print("usage: python -m tests.generated [--check]", file=sys.stderr)
        return 2
    check = bool(arguments)
    try:
        found = stale(generated, root=root, write=not check)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    for one in found:
        print(f"{one} is stale; run `make docs`" if check else f"wrote {one}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
