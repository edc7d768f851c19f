"""The command: `python -m tests.fuzz --seconds N [--only NAME]`, or `make fuzz`."""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.harness import FINDINGS, Harness
from tests.fuzz.registry import HARNESSES

INPUT_TIME: Final = 10  # seconds that one input may take; more is a finding
MEMORY: Final = 1_024  # MiB that a harness may take; more is a finding
NICENESS: Final = 19
PATIENCE: Final = 120  # seconds beyond its time until a process is given up
ENGINE: Final = (sys.executable, "-m", "tests.fuzz.engine")
_EXECUTED: Final = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_COVERED: Final = re.compile(r"\bcov: (\d+)")
_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one harness came to. `said` is the engine's own output."""

    executed: int
    covered: int
    found: tuple[Path, ...]
    code: int
    said: str


def fuzz(harness: Harness, *, seconds: int, corpus: Path) -> Outcome:
    """Run one harness in a process of its own. `corpus` grows by what reached new branches."""
    corpus.mkdir(parents=True, exist_ok=True)
    known = [path.read_bytes() for path in harness.findings()]
    for content in (*harness.seeds(), *known):
        (corpus / hashlib.sha256(content).hexdigest()).write_bytes(content)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as artifacts:
        command = [
            "nice", "-n", str(NICENESS), *ENGINE, harness.name, f"-max_total_time={seconds}",
            f"-max_len={harness.most}", f"-timeout={INPUT_TIME}", f"-rss_limit_mb={MEMORY}", "-print_final_stats=1",
            "-reload=0", f"-artifact_prefix={artifacts}/", str(corpus),
        ]  # fmt: skip
        ended = subprocess.run(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=seconds + PATIENCE, check=False,
        )  # fmt: skip
        found = tuple(_kept(harness, path) for path in sorted(Path(artifacts).iterdir()))
    executed, covered = _EXECUTED.findall(ended.stdout), _COVERED.findall(ended.stdout)
    return Outcome(
        executed=int(executed[-1]) if executed else 0,
        covered=int(covered[-1]) if covered else 0,
        found=found,
        code=ended.returncode,
        said=ended.stdout,
    )


def _kept(harness: Harness, artifact: Path) -> Path:
    """The finding, where the quick tests run it."""
    kept = FINDINGS / harness.name / artifact.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(artifact.read_bytes())
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Share the seconds out among the harnesses; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Fuzz what strangers and operators write."
    )
    parser.add_argument("--seconds", type=int, default=3_600, help="in all, shared out (default: an hour)")
    parser.add_argument("--only", choices=HARNESSES, help="one harness, for all of the time")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was learnt, for the next time")
    given = parser.parse_args(arguments)
    chosen = [HARNESSES[given.only]] if given.only else list(HARNESSES.values())
    share = max(1, given.seconds // len(chosen))
    failed = False
    with tempfile.TemporaryDirectory(prefix="fuzz-corpus-") as passing:
        for harness in chosen:
            outcome = fuzz(harness, seconds=share, corpus=(given.corpus or Path(passing)) / harness.name)
            failed |= bool(outcome.code or outcome.found)
            print(
                f"{harness.name}: {outcome.executed:,} inputs in {share} s, {outcome.covered:,} branches, "
                f"{len(outcome.found)} findings",
                flush=True,
            )
            if outcome.code or outcome.found:
                print(outcome.said[-8_000:], file=sys.stderr)
                for path in outcome.found:
                    print(f"kept: {path}; mend it, and the quick tests guard it", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
