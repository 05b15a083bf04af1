"""The image as it is run: read-only, without capabilities, in 128 MiB, by a user that is nobody."""

import os
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[3]
SECRETS = {
    "sources.graph.password": "planted-explorer-password",
    "sources.media.api_key": "planted-up-api-key",
    "sinks.hook.secrets": "whsec_Zm9yLXRoZS1hY2NlcHRhbmNlLXRlc3RzLW9ubHk=",
}
# In the place of every shell that the base has: whoever needs one fails.
SHELL_LESS = [f"--volume=/dev/null:/{shell}:ro" for shell in ("usr/bin/sh", "usr/bin/dash", "usr/bin/bash")]


@pytest.fixture
def apis(run_apis: Any) -> Any:
    """Return both simulated APIs, which want the planted secrets."""
    return run_apis(
        "--nebula-password", SECRETS["sources.graph.password"], "--up-key", SECRETS["sources.media.api_key"]
    )


@pytest.fixture
def config(apis: Any) -> Mapping[str, Any]:
    """Return a configuration for both APIs without secrets."""
    poll = {"poll": {"min_interval": "100ms", "max_interval": "500ms"}}
    graph = {"kind": "nebula-explorer", "account": "root", "graphd": {"address": "10.0.0.5"}}
    return {
        "sources": {
            "graph": {**graph, **poll, "base_url": apis.nebula},
            "media": {"kind": "telestream-up", **poll, "base_url": apis.telestream},
        },
        "sinks": {"journal": {"kind": "log"}},
    }


async def test_a_strict_container_watches_and_tells(
    run_container: Any, config: Any, apis: Any, run_hook: Any, *, until: Any, shown: list[str]
) -> None:
    """With secrets from /run/secrets and no shell: ready in time, healthy, all told, and SIGTERM ends it with 0."""
    hook = await run_hook()
    sinks = {**config["sinks"], "hook": {"kind": "webhook", "url": hook.url}}
    container = run_container({**config, "sinks": sinks}, SECRETS, *SHELL_LESS)
    await anyio.to_thread.run_sync(container.start)
    await until("it is ready", container.is_ready)
    shown.append(await anyio.to_thread.run_sync(container.started))
    assert container.health().returncode == 0
    jobs = apis.add(apis.nebula, count=20, scale_s=3)
    media = apis.add(apis.telestream, count=20, scale_s=3)
    names = ("space_id", "workflow_id", "job_id")
    wanted = [{"source": "graph", "job": {"job_id": key}} for key in jobs]
    wanted += [{"source": "media", "job": dict(zip(names, key.split("/"), strict=True))} for key in media]
    await anyio.to_thread.run_sync(container.post, "/v1/watches/batch", wanted)
    ends = {"job.succeeded", "job.failed", "job.cancelled"}
    subjects = [f"graph/{key}" for key in jobs] + [f"media/{key}" for key in media]
    await until("all ends are told", lambda: all(set(hook.types(subject)) & ends for subject in subjects))
    assert hook.state.refused == {}, "the receiver did not find a signature good"
    memory = int(status_of(container.inspect()["State"]["Pid"])["VmHWM"].split()[0]) / 1024
    began = time.monotonic()
    await anyio.to_thread.run_sync(container.stop)
    shown.append(f"{len(subjects)} jobs, {len(hook.state.received)} events; {memory:.0f} MiB at its highest")
    shown.append(f"stopped {time.monotonic() - began:.2f} s after SIGTERM")
    state = container.inspect()["State"]
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    assert container.lines()[-1]["event"] == "daemon.stopped"
    text = str(container.lines()) + str(container.inspect())
    assert not [name for name, secret in SECRETS.items() if secret in text]


def status_of(pid: int) -> Mapping[str, str]:
    """Return what the kernel says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_the_image_says_what_it_is(image: Mapping[str, Any]) -> None:
    """A user by number, which Kubernetes can check, a health check, labels, and no shell to start it."""
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["/opt/jobwatchd/bin/jobwatchd"]
    assert image["Healthcheck"]["Test"] == ["CMD", "/opt/jobwatchd/bin/jobwatchd", "health"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["title"] == "jobwatchd"
    assert labels["licenses"] == "Apache-2.0"
    assert labels["version"][0].isdigit()
    assert len(labels["revision"]) == 40
    assert labels["base.name"] == "localhost/debian-python:bookworm"
    assert datetime.fromisoformat(labels["created"]) <= datetime.now(UTC)
    assert {"source", "url", "documentation"} <= labels.keys()


async def test_its_files_are_read_only_but_for_the_state(run_container: Any, config: Any, until: Any) -> None:
    """What is refused to write is its root; what the daemon keeps is in the volume, and survives the container."""
    container = run_container(config, SECRETS)
    await anyio.to_thread.run_sync(container.start)
    await until("it is ready", container.is_ready)
    inspected = container.inspect()
    assert inspected["HostConfig"]["ReadonlyRootfs"] is True
    assert inspected["EffectiveCaps"] in (None, [])
    fields = status_of(inspected["State"]["Pid"])
    assert fields["Uid"].split() == ["65532"] * 4
    assert (int(fields["CapEff"], 16), fields["NoNewPrivs"]) == (0, "1")
    await anyio.to_thread.run_sync(container.post, "/v1/watches", {"source": "graph", "job": {"job_id": "1"}})
    await anyio.to_thread.run_sync(container.stop)
    container.forget()
    await anyio.to_thread.run_sync(container.start)
    await until("it is ready again", container.is_ready)
    assert [line["watches"] for line in container.lines() if line["event"] == "daemon.ready"] == [1]


async def test_it_is_unhealthy_when_it_is_not_well(run_container: Any, config: Any, until: Any) -> None:
    """A process that hangs does not answer, and its health check fails, though the process is there."""
    container = run_container(config, SECRETS)
    await anyio.to_thread.run_sync(container.start)
    await until("it is ready", container.is_ready)
    os.kill(container.inspect()["State"]["Pid"], signal.SIGSTOP)
    assert (await anyio.to_thread.run_sync(container.health)).returncode != 0
    os.kill(container.inspect()["State"]["Pid"], signal.SIGCONT)
    assert (await anyio.to_thread.run_sync(container.health)).returncode == 0


async def test_a_missing_secret_ends_it_with_status_2(run_container: Any, config: Any, until: Any) -> None:
    """A configuration that cannot be used is said and ends the container, which no restart would mend."""
    container = run_container(config, {})
    await anyio.to_thread.run_sync(container.start)
    await until("it has ended", lambda: container.inspect()["State"]["Status"] == "exited")
    assert container.inspect()["State"]["ExitCode"] == 2
    assert "sources.graph.password" in container.said()


async def test_the_readmes_commands_run_it(in_readme: Any, config: Any, tmp_path: Path, unused_port: int) -> None:
    """With a configuration and a folder of secrets in the present folder, the commands as they stand there do."""
    (tmp_path / "secrets").mkdir()
    for name, secret in {"server.tokens": "planted-token-of-the-api", **SECRETS}.items():
        (tmp_path / "secrets" / name).write_text(secret)
    sinks = {**config["sinks"], "hook": {"kind": "webhook", "url": "http://127.0.0.1:1/"}}
    listening = {**config, "sinks": sinks, "server": {"listen": f":{unused_port}"}}
    (tmp_path / "jobwatchd.yaml").write_text(yaml.safe_dump(listening))
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    await anyio.to_thread.run_sync(in_readme, "container-build", REPOSITORY)
    said = await anyio.to_thread.run_sync(in_readme, "container-run", tmp_path)
    assert said.splitlines()[-2:] == ["ok", "jobwatchd"]
