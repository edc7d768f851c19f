"""What the chart promises, seen in what helm makes of it."""

import kubernetes_validate
import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

import leadbridge
from leadbridge.deliver import deliverer
from leadbridge.http import server
from leadbridge.tokens import exchange
from tests.chart.reference import CHART
from tests.chart.rendering import VALUES, container, given, hook, kinds, of_the_hooks, pods, rendered, text, the
from tests.support.walked import walked

EVERY = pytest.mark.parametrize("name", VALUES)
POSTGRES = pytest.mark.parametrize("name", [name for name in VALUES if "database" in given(name)])
SQLITE = pytest.mark.parametrize("name", [name for name in VALUES if "database" not in given(name)])
# What no Kubernetes has by itself: the manifest's own test says how it is looked at.
OF_OTHERS = ("ServiceMonitor",)
ALWAYS = ["ConfigMap", "Deployment", "Service", "ServiceAccount"]
OLDEST, NEWEST = "1.25.0", "1.37.0"  # of Kubernetes: what Chart.yaml allows, and the newest whose schemas are to be had


@pytest.mark.parametrize(
    ("name", "version"), [("sqlite", OLDEST), ("everything", OLDEST), *((name, NEWEST) for name in VALUES)]
)
def test_every_manifest_is_what_kubernetes_takes(name: str, version: str) -> None:
    for manifest in rendered(name):
        if manifest["kind"] not in OF_OTHERS:
            kubernetes_validate.validate(manifest, version, strict=True)


@EVERY
def test_nothing_is_said_twice(name: str) -> None:
    """Of two equal keys Kubernetes takes the last, and nobody hears of it."""
    found = linter.run(text(name), YamlLintConfig("rules: {key-duplicates: enable}"))
    assert [str(problem) for problem in found] == []


def test_a_manifest_with_a_misspelt_field_would_be_found() -> None:
    wrong = {**the("Service", "sqlite"), "spec": {**the("Service", "sqlite")["spec"], "tpye": "ClusterIP"}}
    with pytest.raises(kubernetes_validate.ValidationError, match="tpye"):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


@walked(
    ("name", "more"),
    [
        ("sqlite", ["NetworkPolicy", "PersistentVolumeClaim"]),
        ("sqlite-volume", ["PersistentVolumeClaim", "Service"]),
        ("sqlite-claim", ["NetworkPolicy"]),
        ("postgres-one-value", ["NetworkPolicy", "PodDisruptionBudget"]),
        ("postgres", ["NetworkPolicy", "PodDisruptionBudget"]),
        (
            "everything",
            [
                "HorizontalPodAutoscaler",
                "Ingress",
                "NetworkPolicy",
                "PodDisruptionBudget",
                "Service",
                "ServiceMonitor",
            ],
        ),
    ],
)
def test_nothing_is_made_that_is_not_needed(name: str, more: list[str]) -> None:
    assert kinds(name) == sorted([*ALWAYS, *more])


@SQLITE
def test_one_process_at_a_time_has_the_sqlite_file(name: str) -> None:
    spec = the("Deployment", name)["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    volumes = {volume["name"]: volume for volume in spec["template"]["spec"]["volumes"]}
    claim = volumes["data"]["persistentVolumeClaim"]["claimName"]
    assert claim == "leads-of-old" or claim == the("PersistentVolumeClaim", name)["metadata"]["name"]
    assert {"name": "data", "mountPath": "/var/lib/leadbridge"} in container(name)["volumeMounts"]
    assert {"name": "LEADBRIDGE_DATABASE_URL", "value": "sqlite:////var/lib/leadbridge/leadbridge.db"} in container(
        name
    )["env"]


def test_the_leads_stay_when_the_chart_is_uninstalled() -> None:
    assert the("PersistentVolumeClaim", "sqlite")["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


@POSTGRES
def test_several_pods_on_postgresql_are_replaced_one_by_one_and_apart_from_each_other(name: str) -> None:
    spec = the("Deployment", name)["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    own = spec["selector"]["matchLabels"]
    assert [one["labelSelector"]["matchLabels"] for one in spread] == [own, own]
    assert the("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"] == own
    assert [volume["name"] for volume in spec["template"]["spec"]["volumes"]] == ["config", "tmp"]


def test_one_value_makes_it_two_pods_on_postgresql() -> None:
    assert the("Deployment", "postgres-one-value")["spec"]["replicas"] == 2
    variables = {one["name"]: one.get("value") for one in container("postgres-one-value")["env"]}
    assert variables == {"LEADBRIDGE_DATABASE_URL": "postgresql://leadbridge@db.internal/leads"}


@EVERY
def test_a_pod_is_killed_only_after_the_longest_stop_in_order(name: str) -> None:
    longest = server.GRACE + deliverer.GRACE + exchange.DEADLINE  # requests, calls to CRMs, a token's refresh
    before = given(name).get("lingerSeconds", 10) if "database" in given(name) else 0
    spec = the("Deployment", name)["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == before + longest + 15
    assert f"--linger={before}" in container(name)["args"]
    assert "lifecycle" not in container(name)


@EVERY
def test_the_probes_ask_the_port_that_is_served(name: str) -> None:
    own = container(name)
    asked = {probe: own[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {
        "startupProbe": {"path": "/healthz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
    }
    assert {"name": "http", "containerPort": 8080} in own["ports"]
    assert "--port=8080" in own["args"]
    assert [port["targetPort"] for port in of_the_hooks(name)["spec"]["ports"]] == ["http"]


@EVERY
def test_every_pod_is_without_rights_and_writes_to_volumes_alone(name: str) -> None:
    assert len(pods(name)) >= 2
    for spec in pods(name):
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for one in spec["containers"]:
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert one["resources"]["limits"]["memory"]


@EVERY
def test_the_configuration_arrives_as_it_was_written_and_a_change_replaces_the_pods(name: str) -> None:
    config = given(name)["config"]
    assert the("ConfigMap", name)["data"] == {"leadbridge.yaml": config}
    assert container(name)["args"][:2] == ["serve", "--config=/etc/leadbridge/leadbridge.yaml"]
    marks = {
        one: the("Deployment", one)["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for one in VALUES
    }
    assert [one for one in VALUES if marks[one] == marks[name]] == [
        one for one in VALUES if given(one)["config"] == config
    ]


def test_an_upgrade_begins_with_a_check_of_the_new_configuration() -> None:
    (job,) = hook("pre-upgrade", "Job", "everything")["spec"]["template"]["spec"]["containers"]
    assert job["args"] == ["check", "/etc/leadbridge/leadbridge.yaml"]
    assert hook("pre-upgrade", "ConfigMap", "everything")["data"] == {"leadbridge.yaml": given("everything")["config"]}
    assert (job["env"], job["envFrom"]) == (container("everything")["env"], container("everything")["envFrom"])


def test_secrets_are_named_and_never_written() -> None:
    own = container("everything")
    assert own["envFrom"] == [{"secretRef": {"name": "1e3"}}]
    assert own["env"][0] == {
        "name": "LEADBRIDGE_DATABASE_URL",
        "valueFrom": {"secretKeyRef": {"name": "leads-database", "key": "whole-url"}},
    }
    assert [one["kind"] for name in VALUES for one in rendered(name) if one["kind"] == "Secret"] == []


def test_the_ingress_leads_to_the_hooks_alone() -> None:
    spec = the("Ingress", "everything")["spec"]
    paths = {rule["host"]: [path["path"] for path in rule["http"]["paths"]] for rule in spec["rules"]}
    assert paths == {"leads.example.com": ["/hooks"], "*.leads.example.org": ["/hooks"]}
    assert [path["pathType"] for rule in spec["rules"] for path in rule["http"]["paths"]] == ["Prefix", "Prefix"]
    assert spec["tls"] == [{"secretName": "leads-certificate", "hosts": list(paths)}]


def test_the_network_policy_lets_in_whom_it_names_and_out_to_crms_and_the_database() -> None:
    spec = the("NetworkPolicy", "everything")["spec"]
    inwards, to_operators = spec["ingress"]
    assert inwards["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert to_operators["ports"] == [{"port": "admin", "protocol": "TCP"}]
    assert to_operators["from"] == given("everything")["networkPolicy"]["adminFrom"]
    helper = hook("test", "Pod", "everything")["metadata"]["labels"]
    assert inwards["from"][:-1] == given("everything")["networkPolicy"]["from"]
    assert inwards["from"][-1]["podSelector"]["matchLabels"].items() <= helper.items()
    outwards = [[port["port"] for port in rule["ports"]] for rule in spec["egress"]]
    assert outwards == [[53, 53], [443], [6432], [3128]]
    assert [[port["port"] for port in rule["ports"]] for rule in the("NetworkPolicy", "sqlite")["spec"]["egress"]] == [
        [53, 53],
        [443],
    ]
    (inwards,) = the("NetworkPolicy", "sqlite")["spec"]["ingress"]
    assert inwards == {"ports": [{"port": "http", "protocol": "TCP"}]}


@EVERY
def test_only_the_pods_of_the_service_are_selected_by_it(name: str) -> None:
    own = the("Deployment", name)["spec"]["selector"]["matchLabels"]
    assert own.items() <= the("Deployment", name)["spec"]["template"]["metadata"]["labels"].items()
    assert of_the_hooks(name)["spec"]["selector"] == own
    assert not own.items() <= hook("test", "Pod", name)["metadata"]["labels"].items()


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert (chart["version"], chart["appVersion"]) == (leadbridge.__version__, leadbridge.__version__)
    assert container("sqlite")["image"] == f"registry.example.com/leadbridge:{leadbridge.__version__}"
    assert chart["kubeVersion"] == f">={OLDEST}-0"
