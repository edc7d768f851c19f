"""The chart as the real helm renders it."""

import subprocess
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.chart.reference import CHART
from tests.support.patience import PATIENCE

HERE: Final = Path(__file__).parent
VALUES: Final = {path.stem: path for path in sorted((HERE / "values").glob("*.yaml"))}
HELM: Final = Path(sysconfig.get_path("scripts")) / "helm"
Manifest = Mapping[str, Any]


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run helm, with nothing of the caller's environment: no cluster is asked."""
    return subprocess.run(
        [HELM, *arguments],
        env={"HOME": "/nonexistent"}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@cache
def text(name: str) -> str:
    """What helm makes of the values file `name`."""
    done = helm("template", "leads", CHART, "--namespace", "crm", "--values", VALUES[name])
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def rendered(name: str) -> tuple[Manifest, ...]:
    """The manifests in that."""
    return tuple(manifest for manifest in yaml.safe_load_all(text(name)) if manifest)


def given(name: str) -> Any:
    """What the values file `name` says."""
    return yaml.safe_load(VALUES[name].read_text("utf-8"))


def kinds(name: str) -> list[str]:
    """The kinds of what stays in the cluster, sorted: what is there for the time of a hook is left out."""
    return sorted(one["kind"] for one in rendered(name) if not _hook(one))


def the(kind: str, name: str) -> Any:
    """The only manifest of its kind that stays in the cluster."""
    (found,) = (one for one in rendered(name) if one["kind"] == kind and not _hook(one))
    return found


def hook(moment: str, kind: str, name: str) -> Any:
    """The only manifest of its kind that is there for a moment: `pre-upgrade`, `test`."""
    (found,) = (one for one in rendered(name) if one["kind"] == kind and _hook(one) == moment)
    return found


def pods(name: str) -> list[Manifest]:
    """The spec of every Pod that is ever made."""
    specs = [one["spec"] for one in rendered(name) if one["kind"] in ("Deployment", "Job", "Pod")]
    return [spec["template"]["spec"] if "template" in spec else spec for spec in specs]


def container(name: str) -> Any:
    """The only container of the service's Pods."""
    (only,) = the("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return only


def of_the_hooks(name: str) -> Any:
    """The Service that senders use."""
    (found,) = (
        one
        for one in rendered(name)
        if one["kind"] == "Service" and "app.kubernetes.io/component" not in one["metadata"]["labels"]
    )
    return found


def _hook(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("annotations", {}).get("helm.sh/hook", ""))
