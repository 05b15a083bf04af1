"""What Kustomize and Helm make of the files of this repository."""

import base64
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TOOLS = ROOT / "build/tools/kubernetes/bin"
CHART = ROOT / "deploy/helm/jobwatchd"
KUSTOMIZATIONS = {
    "kustomize base": ROOT / "deploy/kubernetes/base",
    "kustomize example": ROOT / "deploy/kubernetes/overlays/example",
    "kustomize sidecar": ROOT / "deploy/kubernetes/overlays/sidecar",
    "kustomize pod-monitor": HERE / "pod-monitor",
}
CHARTS = {f"helm {file.stem}": file for file in sorted((HERE / "values").glob("*.yaml"))}
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    """The manifests of one way of deploying."""

    manifests: Sequence[Manifest]

    def of_kind(self, *kinds: str) -> list[Manifest]:
        """Return the manifests of some kinds."""
        return [manifest for manifest in self.manifests if manifest["kind"] in kinds]

    @property
    def workload(self) -> Manifest:
        """The one Deployment or Job."""
        [workload] = self.of_kind("Deployment", "Job")
        return workload

    @property
    def template(self) -> Manifest:
        """The template of its pods."""
        template: Manifest = self.workload["spec"]["template"]
        return template

    @property
    def containers(self) -> Iterator[Manifest]:
        """All containers of the pod."""
        spec = self.template["spec"]
        yield from (*spec.get("initContainers", []), *spec["containers"])

    @property
    def jobwatchd(self) -> Manifest:
        """Our container."""
        return next(container for container in self.containers if container["name"] == "jobwatchd")

    def named_by_volume(self, kind: str, name: str) -> str | None:
        """Return which ConfigMap, Secret or claim a volume of the pod is."""
        keys = {"ConfigMap": ("configMap", "name"), "Secret": ("secret", "secretName")}
        keys["PersistentVolumeClaim"] = ("persistentVolumeClaim", "claimName")
        [volume] = [volume for volume in self.template["spec"]["volumes"] if volume["name"] == name]
        name_of: str | None = volume.get(keys[kind][0], {}).get(keys[kind][1])
        return name_of

    def files(self, kind: str, volume: str) -> dict[str, bytes] | None:
        """Return the content of a ConfigMap or Secret that is mounted; None where it is not among the manifests."""
        name = self.named_by_volume(kind, volume)
        for manifest in self.of_kind(kind):
            if manifest["metadata"]["name"] == name:
                plain = {**manifest.get("stringData", {}), **(manifest["data"] if kind == "ConfigMap" else {})}
                coded = manifest.get("data", {}) if kind == "Secret" else {}
                return {key: text.encode() for key, text in plain.items()} | {
                    key: base64.b64decode(text) for key, text in coded.items()
                }
        return None


def _run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def _render(name: str) -> Rendered:
    if name in KUSTOMIZATIONS:
        done = _run(TOOLS / "kubectl", "kustomize", KUSTOMIZATIONS[name])
    else:
        done = _run(TOOLS / "helm", "template", "rel", CHART, "-f", CHARTS[name])
    assert done.returncode == 0, done.stderr
    printed = done.stdout
    if name == "kustomize base":
        printed += f"---\n{(KUSTOMIZATIONS[name] / 'secret.example.yaml').read_text()}"
    return Rendered([manifest for manifest in yaml.safe_load_all(printed) if manifest is not None])


@pytest.fixture(scope="session", params=[*KUSTOMIZATIONS, *CHARTS])
def rendered(request: pytest.FixtureRequest) -> Rendered:
    """Return every way of deploying, one after the other."""
    return _render(request.param)


@pytest.fixture(scope="session")
def render() -> Callable[[str], Rendered]:
    """Return what renders one way of deploying."""
    return _render


@pytest.fixture(scope="session")
def helm() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return what runs helm on the chart: `helm("template", "--set", "mode=sidecar")`."""

    def run(command: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        release = ["rel"] if command == "template" else []
        return _run(TOOLS / "helm", command, *release, CHART, *arguments)

    return run


@pytest.fixture(scope="session")
def validate() -> Callable[[Sequence[Manifest], str, Path], "subprocess.CompletedProcess[str]"]:
    """Return what holds manifests against the schemas of a version of Kubernetes."""

    def run(manifests: Sequence[Manifest], version: str, file: Path) -> "subprocess.CompletedProcess[str]":
        file.write_text(yaml.safe_dump_all(manifests))
        return _run(TOOLS / "kubernetes-validate", "--strict", "-k", version, file)

    return run


@pytest.fixture
def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
