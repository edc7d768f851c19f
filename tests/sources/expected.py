"""Write `expected.json` for the samples of a preset that have none: what they become now, for a person to read.

python -m tests.sources.expected acme-forms
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from leadbridge.sources.registry import PRESETS
from leadbridge.sources.samples import folder_of, unfinished_in
from leadbridge.testing import outcome_of


def main(names: Sequence[str]) -> int:
    """The command; its exit code is 1 when a sample cannot be read, or lacks more than what is expected."""
    unknown = [name for name in names if name not in PRESETS]
    if unknown or not names:
        print(f"usage: python -m tests.sources.expected PRESET; not registered: {', '.join(unknown) or 'none given'}")
        return 2
    bad = False
    for name in names:
        preset, folder = PRESETS[name], Path(str(folder_of(name)))
        for case in unfinished_in(folder):
            becomes = None if case.sample is None else outcome_of(preset, case.sample)
            if becomes is None or "unparseable" in becomes:
                why = "; ".join(case.lacks) if becomes is None else f"cannot be read: {becomes['unparseable']}"
                print(f"samples/{case.name} {why}; nothing is written")
                bad = True
                continue
            written = json.dumps(becomes, indent=2, ensure_ascii=False) + "\n"
            (folder / "samples" / case.name / "expected.json").write_text(written, "utf-8")
            print(f"samples/{case.name}/expected.json:\n{written}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
