"""What is handed to a cluster: valid, restricted, fitting together, and a configuration that the daemon takes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobwatchd.settings import load_settings

pytestmark = pytest.mark.slow

# Native sidecars are on by default from the first one on.
OLDEST, NEWEST = "1.29", "1.37"
OPERATORS = "monitoring.coreos.com/v1"
REFUSED = {
    "an unknown key": ["--set", "replicas=2"],
    "an unknown key of the configuration": ["--set", "config.sorces.graph.kind=nebula-explorer"],
    "no sources": ["--set-json", "config.sources=null"],
    "an address to listen on, which the mode decides": ["--set", "config.server.listen=:80"],
    "an unknown mode": ["--set", "mode=daemonset"],
    "a sidecar of nothing": ["--set", "mode=sidecar"],
    "a secret that no key has": ["--set", r"secrets.existingSecret=,secrets.values.graph\.password=x"],
    "no token for the API": ["--set", r"secrets.existingSecret=,secrets.values.sources\.graph\.password=x"],
    "no secrets at all": ["--set", "secrets.existingSecret="],
    "a size without a unit": ["--set-string", "persistence.size=10"],
    "a volume for many": ["--set", "persistence.accessMode=ReadWriteMany"],
}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_a_cluster_knows_every_field(rendered: Any, version: str, validate: Callable[..., Any], tmp_path: Path) -> None:
    """Of its own kinds, by the strict schemas of the oldest and the newest version."""
    own = [manifest for manifest in rendered.manifests if manifest["apiVersion"] != OPERATORS]
    checked = validate(own, version, tmp_path / "manifests.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert (checked.stdout + checked.stderr).count(" passed ") == len(own)


def test_the_check_would_find_a_field_that_does_not_exist(
    render: Any, validate: Callable[..., Any], tmp_path: Path
) -> None:
    """So that the test above means something."""
    workload = render("kustomize sidecar").workload
    workload["spec"]["template"]["spec"]["initContainers"][0]["restartPolcy"] = "Always"
    assert validate([workload], OLDEST, tmp_path / "manifests.yaml").returncode == 1


def breaches(template: dict[str, Any], containers: Iterator[dict[str, Any]]) -> list[str]:
    """Return what the Pod Security Standard `restricted` forbids in a pod; and our own rule, a read-only root."""
    spec = template["spec"]
    allowed = {
        "configMap",
        "secret",
        "emptyDir",
        "persistentVolumeClaim",
        "projected",
        "downwardAPI",
        "csi",
        "ephemeral",
    }
    found = [key for key in ("hostNetwork", "hostPID", "hostIPC", "hostUsers") if spec.get(key)]
    found += [f"volume {volume['name']}" for volume in spec["volumes"] if not set(volume) - {"name"} <= allowed]
    pod = spec.get("securityContext", {})
    for container in containers:
        own = container.get("securityContext", {})
        context = {**pod, **own}
        wanted = {
            "runAsNonRoot": context.get("runAsNonRoot") is True,
            "runAsUser": context.get("runAsUser") != 0,
            "seccompProfile": context.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
            "privileged": not own.get("privileged"),
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
            "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,
        }
        found += [f"{container['name']}: {rule}" for rule, kept in wanted.items() if not kept]
    return found


def test_pods_keep_to_the_restricted_standard(rendered: Any) -> None:
    """Every container, the main one of a sidecar's pod too."""
    assert breaches(rendered.template, rendered.containers) == []


def test_the_check_would_find_what_is_forbidden(render: Any) -> None:
    """Wherever it stands."""
    rendered = render("kustomize sidecar")
    spec = rendered.template["spec"]
    del spec["securityContext"]["runAsNonRoot"]
    spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}})
    assert breaches(rendered.template, rendered.containers) == [
        "volume host",
        "jobwatchd: runAsNonRoot",
        "main: runAsNonRoot",
        "main: allowPrivilegeEscalation",
    ]


def test_pods_get_nothing_of_the_cluster(rendered: Any) -> None:
    """No token of its API; and no variables of services, which would begin as settings do."""
    spec = rendered.template["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False


def test_every_container_says_what_it_needs(rendered: Any) -> None:
    """And where its memory ends."""
    for container in rendered.containers:
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


def test_what_is_mounted_exists(rendered: Any) -> None:
    """ConfigMap, secret and claim go by the names that volumes use."""
    for kind, volume in {"ConfigMap": "config", "Secret": "secrets", "PersistentVolumeClaim": "state"}.items():
        name = rendered.named_by_volume(kind, volume)
        there = [manifest["metadata"]["name"] for manifest in rendered.of_kind(kind)]
        assert name in {*there, None} or (kind == "Secret" and name in ("jobwatchd", "mine"))


def test_selectors_find_the_pod(rendered: Any) -> None:
    """Those of the deployment, service, budget, policy and pod monitor."""
    labels = rendered.template["metadata"]["labels"].items()
    for manifest in rendered.of_kind("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        spec = manifest["spec"]
        selector = spec.get("podSelector", spec.get("selector"))
        wanted = selector.get("matchLabels", selector)
        assert wanted
        assert wanted.items() <= labels, manifest["kind"]


def test_a_service_monitor_finds_the_service_and_names_the_job(rendered: Any) -> None:
    """As the rules and the dashboard call it."""
    for monitor in rendered.of_kind("ServiceMonitor", "PodMonitor"):
        spec = monitor["spec"]
        [endpoint] = spec.get("endpoints") or spec["podMetricsEndpoints"]
        assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "jobwatchd"}]
        [service] = rendered.of_kind("Service")
        assert spec["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]


def test_there_is_never_more_than_one_daemon(rendered: Any) -> None:
    """On one database."""
    workload = rendered.workload
    if workload["kind"] == "Deployment":
        assert workload["spec"]["replicas"] == 1
        assert workload["spec"]["strategy"] == {"type": "Recreate"}


def test_the_daemon_is_asked_how_it_is(rendered: Any) -> None:
    """Over HTTP where it can be reached, by itself where it listens for its own pod only."""
    container = rendered.jobwatchd
    if rendered.workload["kind"] == "Job":
        assert container["restartPolicy"] == "Always"
        probes = [container[probe]["exec"]["command"] for probe in ("startupProbe", "livenessProbe")]
        assert probes == [["jobwatchd", "health"], ["jobwatchd", "health", "--live"]]
    else:
        assert container["startupProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"


def test_the_daemon_takes_its_configuration(rendered: Any, tmp_path: Path) -> None:
    """With the secrets that go with it; where they are someone else's, with any."""
    config = rendered.files("ConfigMap", "config")
    assert config is not None
    file = tmp_path / "jobwatchd.yaml"
    file.write_bytes(config["jobwatchd.yaml"])
    secrets = rendered.files("Secret", "secrets") or {
        "sources.graph.password": b"hunter22",
        "sinks.ci.secrets": b"whsec_cmVwbGFjZSB0aGlzIHNpZ25pbmcgc2VjcmV0IQ==",
        "server.tokens": b"0123456789abcdef",
    }
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, secret in secrets.items():
        (folder / name).write_bytes(secret)
    environment = {each["name"]: each["value"] for each in rendered.jobwatchd.get("env", [])}
    settings = load_settings(file, environment, secrets_folder=folder)
    host = "127.0.0.1" if rendered.workload["kind"] == "Job" else ""
    assert settings.server.address == (host, 25629)
    assert rendered.template["spec"]["terminationGracePeriodSeconds"] > settings.shutdown.drain


@pytest.mark.parametrize("values", sorted(Path(__file__).parent.glob("values/*.yaml")), ids=lambda file: file.stem)
def test_helm_has_nothing_to_say_about_the_chart(values: Path, helm: Callable[..., Any]) -> None:
    """Not even a warning."""
    linted = helm("lint", "--strict", "-f", values)
    assert linted.returncode == 0, linted.stdout
    assert "[" not in linted.stdout  # [INFO], [WARNING], [ERROR]


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
def test_helm_refuses_values_that_cannot_work(arguments: list[str], helm: Callable[..., Any]) -> None:
    """Before anything reaches the cluster."""
    values = Path(__file__).with_name("values") / "minimal.yaml"
    assert helm("template", "-f", values).returncode == 0
    assert helm("template", "-f", values, *arguments).returncode != 0


def test_a_change_of_the_configuration_rolls_the_pod(helm: Callable[..., Any]) -> None:
    """The daemon in a cluster is not told by a signal."""
    values = Path(__file__).with_name("values") / "minimal.yaml"
    before, after = (
        helm("template", "-f", values, "--set", f"config.log.level={level}").stdout for level in ("info", "debug")
    )
    changed = set(after.splitlines()) - set(before.splitlines())
    assert any("checksum/config" in line for line in changed)
