"""What the chart makes for operators, and for machines: metrics, scaling, the Job that migrates."""

from typing import Any

import pytest
from typer.main import get_command

from leadbridge.cli import app
from tests.chart.rendering import VALUES, container, given, pods, rendered, the

EVERY = pytest.mark.parametrize("name", VALUES)


def test_the_autoscaler_looks_at_cpu_and_accepts_never_at_a_backlog_and_nobody_else_counts_the_pods() -> None:
    assert "replicas" not in the("Deployment", "everything")["spec"]
    spec = the("HorizontalPodAutoscaler", "everything")["spec"]
    cpu, accepts = spec["metrics"]
    assert cpu["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 61}}
    assert accepts["pods"] == {
        "metric": {"name": "leadbridge_accept_p95_seconds"},
        "target": {"type": "AverageValue", "averageValue": "137m"},
    }
    assert spec["scaleTargetRef"]["name"] == the("Deployment", "everything")["metadata"]["name"]


@EVERY
def test_operators_are_answered_where_no_sender_is_and_only_if_that_is_wanted(name: str) -> None:
    own, wanted = container(name), given(name).get("admin", {}).get("enabled", False)
    port = {"name": "admin", "containerPort": 8081}
    assert (port in own["ports"]) is wanted
    assert ("--admin-listen=0.0.0.0:8081" in own["args"]) is wanted
    services = [one for one in rendered(name) if one["kind"] == "Service"]
    leading = {one["metadata"]["name"]: [port["targetPort"] for port in one["spec"]["ports"]] for one in services}
    assert sorted(leading.values()) == ([["admin"], ["http"]] if wanted else [["http"]])
    ingresses = [one for one in rendered(name) if one["kind"] == "Ingress"]
    asked = {path["backend"]["service"]["name"] for one in ingresses for path in paths_of(one)}
    assert [leading[service] for service in asked] in ([], [["http"]])


def paths_of(ingress: Any) -> list[Any]:
    return [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]


def test_the_monitor_finds_the_admin_service_alone_and_pods_that_are_not_ready() -> None:
    """No schema of Kubernetes knows a ServiceMonitor: its fields stay those that its operator's schema has."""
    monitor = the("ServiceMonitor", "everything")
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert set(monitor) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(monitor["spec"]) == {"jobLabel", "selector", "endpoints"}
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (service,) = (
        one for one in rendered("everything") if one["kind"] == "Service" and wanted <= labels_of(one).items()
    )
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": service["spec"]["ports"][0]["name"], "path": "/metrics", "interval": "1m15s"}
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert monitor["spec"]["jobLabel"] in labels_of(service)
    assert labels_of(monitor)["release"] == "of-the-operator"


def labels_of(manifest: Any) -> Any:
    return manifest["metadata"]["labels"]


@pytest.mark.parametrize(
    ("name", "made"), [("sqlite", 0), ("postgres", 0), ("postgres-one-value", 1), ("everything", 1)]
)
def test_the_database_is_brought_up_to_date_before_the_pods_where_that_can_be(name: str, made: int) -> None:
    jobs = [one for one in rendered(name) if one["kind"] == "Job" and one["metadata"]["name"].endswith("-migration")]
    assert len(jobs) == made
    for job in jobs:
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        spec = job["spec"]["template"]["spec"]
        (one,) = spec["containers"]
        assert one["args"] == ["migrate"]
        assert (one["env"], one.get("envFrom")) == (container(name)["env"], container(name).get("envFrom"))
        assert one["image"] == container(name)["image"]
        # When it runs, nothing that the chart makes is there yet.
        assert not {"volumes", "serviceAccountName"} & set(spec)
        assert "volumeMounts" not in one


@EVERY
def test_every_pod_runs_a_command_of_leadbridge_with_options_that_it_has(name: str) -> None:
    commands = getattr(get_command(app), "commands", {})
    for one in (one for spec in pods(name) for one in spec["containers"] if "command" not in one):
        command, *rest = one["args"]
        known = {option for parameter in commands[command].params for option in parameter.opts}
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known
