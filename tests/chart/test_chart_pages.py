"""What the pages tell people to type is what the chart takes and makes."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from leadbridge.metrics.families import ACCEPT
from leadbridge.store.postgres.connection import MOST_CONNECTIONS
from tests.chart.reference import CHART, values
from tests.chart.rendering import Manifest, helm, rendered, the
from tests.docs.pages import codes, fences, name_of
from tests.generated import ROOT

KUBERNETES = ROOT / "docs" / "kubernetes.md"
PAGES = (CHART / "README.md", KUBERNETES)
CONFIG = "version: 1\n"


def typed(page: Path) -> list[list[str]]:
    """The commands of a page's `console` blocks, as words."""
    lines = [line for fence in fences(page, "console") for line in fence.body.splitlines() if line[:2] == "$ "]
    return [shlex.split(line[2:]) for line in lines]


def installed(page: Path, folder: Path) -> list[Manifest]:
    """What the page's `helm install` makes, in a folder with the files that it names."""
    (words,) = (words for words in typed(page) if words[0] == "helm" and "install" in words)
    for name in ("site.yaml", "leadbridge.yaml"):
        (folder / name).write_text(CONFIG)
    files = {"./helm": str(CHART), "install": "template", "values.yaml": str(folder / "values.yaml")}
    arguments = [files.get(word, word).replace("config=", f"config={folder}/") for word in words[1:]]
    for number, fence in enumerate(fence for fence in fences(page, "yaml") if not fence.body.startswith("rules:")):
        named = folder / ("values.yaml" if not number else f"more-{number}.yaml")
        named.write_text(fence.body)
        arguments += [f"--values={named}"]
    done = helm(*arguments)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_page_installs_the_chart_with_its_configuration_and_its_secret(page: Path, tmp_path: Path) -> None:
    manifests = installed(page, tmp_path)
    assert [one["data"]["leadbridge.yaml"] for one in manifests if one["kind"] == "ConfigMap"] == [CONFIG, CONFIG]
    assert "secretRef: {name: leadbridge}" in yaml.dump(manifests, default_flow_style=None)


def test_the_page_names_what_the_chart_makes(tmp_path: Path) -> None:
    manifests = installed(KUBERNETES, tmp_path)
    made = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in manifests}
    named = set(re.findall(r"\b(?:deployment|job)/[\w-]+", KUBERNETES.read_text("utf-8")))
    assert named == {"deployment/leads-leadbridge", *(f"job/leads-leadbridge-{job}" for job in ("check", "migration"))}
    on_postgresql = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in rendered("postgres-one-value")}
    assert {name for name in named if "migration" not in name} <= made
    assert "job/leads-leadbridge-migration" in on_postgresql
    (ingress,) = (one for one in manifests if one["kind"] == "Ingress")
    assert f"https://{ingress['spec']['rules'][0]['host']}/hooks/NAME" in KUBERNETES.read_text("utf-8")
    (secret,) = (words for words in typed(KUBERNETES) if "secret" in words)
    assert "leadbridge" in secret


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_value_that_a_page_names_exists(page: Path) -> None:
    known = {value.name for value in values()}
    groups = {name.partition(".")[0] for name in known if "." in name}
    named = {code for code in codes(page) if code.partition(".")[0] in groups}
    assert named - known - groups == set()


def test_the_rule_of_the_adapter_makes_what_the_autoscaler_asks_for() -> None:
    (fence,) = (fence for fence in fences(KUBERNETES, "yaml") if fence.body.startswith("rules:"))
    (rule,) = yaml.safe_load(fence.body)["rules"]["custom"]
    _, accepts = the("HorizontalPodAutoscaler", "everything")["spec"]["metrics"]
    assert rule["name"]["as"] == accepts["pods"]["metric"]["name"]
    assert rule["seriesQuery"].partition("{")[0] == f"{ACCEPT.name}_bucket"
    ninety_five, none = rule["metricsQuery"].split(" or ")
    assert ninety_five.startswith("histogram_quantile(0.95, ")
    assert ninety_five.endswith(" by (le, <<.GroupBy>>)) >= 0")
    assert none.endswith(" by (<<.GroupBy>>) * 0")
    assert ninety_five.count("<<.Series>>{<<.LabelMatchers>>}") == none.count("<<.Series>>{<<.LabelMatchers>>}") == 1


def test_the_page_counts_the_connections_of_a_pod() -> None:
    to_accept, for_the_lease, one_that_listens, for_tokens = 2, 1, 1, 2
    together = MOST_CONNECTIONS + to_accept + for_the_lease + one_that_listens + for_tokens
    text = " ".join(KUBERNETES.read_text("utf-8").split())
    assert f"at most {together} connections" in text
