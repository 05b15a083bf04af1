"""The sidecar's pod, run by podman: a remote job is submitted, watched and told, and the pod is done as the job is.

Podman knows neither jobs nor native sidecars nor startup probes. So the pod is the rendered one but for this:

- The sidecar is a container like the main one, begun before it; the main one is begun when the command of the startup
  probe succeeds; the sidecar is stopped when the main one has ended. The kubelet does all of that by itself.
- It shares the network of the machine, on a free port, since there is not everywhere a bridge to be had.
- The secret is a config map, since podman 4.3 hands the base64 of secrets to containers.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

pytestmark = pytest.mark.slow

CONTAINER_TESTS = Path(__file__).parents[1] / "container"
IMAGE = "localhost/jobwatchd:pod"
PATIENCE_S = 60.0
RUNNING, SUCCEEDED, FAILED, CANCELLED = 1, 2, 3, 4
SECRET = "whsec_Zm9yLXRoZS1hY2NlcHRhbmNlLXRlc3RzLW9ubHk="


def podman(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run podman; fails the test where it fails, unless told otherwise."""
    environment = {**os.environ, "CONTAINERS_CONF": str(CONTAINER_TESTS / "containers.conf")}
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0 or not check, f"podman {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def image() -> str:
    """Return the image of deploy/container, built now."""
    built = subprocess.run([CONTAINER_TESTS / "build.sh", IMAGE], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return IMAGE


@dataclass
class Pod:
    """A pod that was made and not started, and its two containers."""

    name: str

    def _container(self, which: str) -> str:
        return f"{self.name}-{which}"

    def start(self, which: str) -> None:
        """Start one of its containers."""
        podman("start", self._container(which))

    async def probed(self, command: Sequence[str]) -> None:
        """Return once the startup probe succeeds."""
        name = self._container("jobwatchd")
        await self._until(lambda: podman("exec", name, *command, check=False).returncode == 0)

    async def ended(self, which: str) -> int:
        """Return the exit status of a container once it has ended."""
        await self._until(lambda: self.state(which)["Status"] == "exited")
        return int(self.state(which)["ExitCode"])

    async def _until(self, holds: Callable[[], bool]) -> None:
        with anyio.move_on_after(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - podman tells nobody
                await anyio.sleep(0.1)
            return
        pytest.fail(f"not within {PATIENCE_S:g} s: {self.said('jobwatchd')}{self.said('main')}")

    def state(self, which: str) -> Mapping[str, Any]:
        """Return what podman knows of a container's state."""
        [found] = json.loads(podman("inspect", self._container(which)).stdout)
        return dict(found["State"])

    def said(self, which: str) -> str:
        """Return all that a container said."""
        logged = podman("logs", self._container(which))
        return logged.stdout + logged.stderr

    async def stop(self, which: str) -> int:
        """Stop a container as the kubelet does; returns its exit status."""
        podman("stop", "--time=45", self._container(which))
        return await self.ended(which)


@pytest.fixture
def make_pod(image: str, render: Callable[[str], Any], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return what makes the rendered pod for a configuration, secrets and the main container's variables."""
    name = f"jobwatchd-pod-{os.getpid()}"
    file = tmp_path / "pod.yaml"

    def make(config: Mapping[str, Any], secrets: Mapping[str, str], variables: Mapping[str, str], url: str) -> Any:
        rendered = render("kustomize sidecar")
        spec = rendered.template["spec"]
        [sidecar], [main] = spec.pop("initContainers"), spec["containers"]
        probe = sidecar.pop("startupProbe")["exec"]["command"]
        del sidecar["restartPolicy"], sidecar["livenessProbe"]
        for container in (sidecar, main):
            container |= {"image": image, "imagePullPolicy": "Never"}
        main["env"] = [{"name": key, "value": value} for key, value in variables.items()]
        sidecar["env"] = [{"name": "JOBWATCHD_URL", "value": url}]
        spec |= {"hostNetwork": True, "containers": [sidecar, main]}
        [mapping], [secret] = rendered.of_kind("ConfigMap"), rendered.of_kind("Secret")
        mapping["data"]["jobwatchd.yaml"] = yaml.safe_dump(dict(config))
        secret |= {"kind": "ConfigMap", "data": dict(secrets)}
        del secret["type"]
        volume = next(volume for volume in spec["volumes"] if volume["name"] == "secrets")
        volume["configMap"] = {"name": volume.pop("secret")["secretName"]}
        metadata = {**rendered.template["metadata"], "name": name}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        file.write_text(yaml.safe_dump_all([mapping, secret, pod]))
        podman("play", "kube", "--start=false", "--network=host", str(file))
        return Pod(name), probe

    yield make
    podman("pod", "rm", "--force", "--time=0", name, check=False)
    podman("play", "kube", "--down", str(file), check=False)


@pytest.mark.parametrize("end", [(SUCCEEDED, "succeeded", 0), (FAILED, "failed", 1), (CANCELLED, "cancelled", 3)])
async def test_the_pod_is_done_as_its_remote_job_is(
    end: tuple[int, str, int], make_pod: Any, run_apis: Any, run_hook: Any, free_port: int
) -> None:
    """The main container submits, tells the sidecar, waits, and ends as the job does; the webhook hears it all."""
    native, word, status = end
    apis, hook = run_apis(), await run_hook()
    sidecar_url = f"http://127.0.0.1:{free_port}"
    poll = {"min_interval": "100ms", "max_interval": "500ms"}
    graph = {"kind": "nebula-explorer", "base_url": apis.nebula, "account": "root", "graphd": {"address": "10.0.0.5"}}
    config = {
        "sources": {"graph": {**graph, "poll": poll}},
        "sinks": {"hook": {"kind": "webhook", "url": hook.url}, "journal": {"kind": "log"}},
        "server": {"listen": f"127.0.0.1:{free_port}"},
    }
    job = {"jobs": [{"phases": [[0, RUNNING], [2, native]]}]}
    variables = {
        "SUBMIT_URL": f"{apis.nebula}/_sim/jobs",
        "SUBMIT_BODY": json.dumps(job),
        "SIDECAR_URL": sidecar_url,
    }
    secrets = {"sources.graph.password": "nebula", "sinks.hook.secrets": SECRET}
    pod, probe = make_pod(config, secrets, variables, sidecar_url)

    pod.start("jobwatchd")
    await pod.probed(probe)
    began = time.monotonic()
    pod.start("main")
    assert await pod.ended("main") == status, pod.said("main")
    assert time.monotonic() - began >= 2  # it waited for the job
    assert await pod.stop("jobwatchd") == 0, pod.said("jobwatchd")

    [key] = [subject for subject in hook.state.by_subject() if subject.startswith("graph/")]
    told = [each for each in hook.types(key) if each.startswith("job.")]
    assert told == ["job.running", f"job.{word}"]
    assert f"watching {key}" in pod.said("main")


async def test_the_pod_writes_nowhere_but_on_its_volumes(make_pod: Any, run_apis: Any, free_port: int) -> None:
    """The root is read-only, and the user nobody: as the manifests say."""
    apis = run_apis()
    graph = {"kind": "nebula-explorer", "base_url": apis.nebula, "account": "root", "graphd": {"address": "10.0.0.5"}}
    config = {"sources": {"graph": graph}, "server": {"listen": f"127.0.0.1:{free_port}"}}
    url = f"http://127.0.0.1:{free_port}"
    pod, probe = make_pod(config, {"sources.graph.password": "nebula"}, {}, url)
    pod.start("jobwatchd")
    await pod.probed(probe)
    python = ["exec", f"{pod.name}-jobwatchd", "/opt/jobwatchd/bin/python", "-c"]
    assert podman(*python, "import os; print(os.getuid(), os.getgid())").stdout.split()[0] == "65532"
    for folder in ("/", "/etc/jobwatchd", "/run/secrets", "/opt/jobwatchd"):
        tried = podman(*python, f"open('{folder}/x', 'w')", check=False)
        assert "Read-only" in tried.stderr or "Permission denied" in tried.stderr, folder
    podman(*python, "open('/var/lib/jobwatchd/x', 'w'), open('/tmp/x', 'w')")
