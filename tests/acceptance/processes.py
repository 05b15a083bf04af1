"""The processes of the acceptance tests, and how they are started, steered and ended."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import yaml

from jobwatchd.simulator.nebula import login_header

# Far more than anything here takes on an idle machine.
PATIENCE_S = 30.0
# Nothing here speaks TLS, and reading all authorities for each client takes longer than what it asks.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Config = dict[str, Any]


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


async def until(what: str, holds: Callable[[], Any]) -> Any:
    """Return what `holds` returns as soon as that is true; fails after a while."""
    with anyio.move_on_after(PATIENCE_S):
        while True:
            if found := holds():
                return found
            await anyio.sleep(0.02)
    pytest.fail(f"still not, after {PATIENCE_S:g} s: {what}")


@dataclass
class Daemon:
    """`jobwatchd run` as a process; every start is a new life with a log file of its own."""

    folder: Path
    environment: Mapping[str, str]
    wrapper: Sequence[str] = ()
    logs: list[Path] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None
    url: str = ""

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self.folder / "jobwatchd.yaml"

    @property
    def database(self) -> Path:
        """Its database file."""
        return self.folder / "jobwatchd.db"

    def configure(self, config: Config) -> None:
        """Write the configuration file, with a database beside it unless the configuration names one."""
        store = {"url": f"sqlite:///{self.database}"}
        self.config.write_text(yaml.safe_dump({"store": store, **config}))

    def start(self, stderr: int | None = None, redirection: str = "") -> None:
        """Begin a life, without waiting for it to be ready.

        Its log is a file, unless `stderr` is a descriptor; `redirection` is what a shell does to its descriptors.
        """
        self.logs.append(self.folder / f"life-{len(self.logs):03}.log")
        with self.logs[-1].open("wb") as log:
            command = [*self.wrapper, sys.executable, "-Im", "jobwatchd", "run", "-c", str(self.config)]
            if redirection:
                command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *command]
            self.process = subprocess.Popen(
                command, stdout=log, stderr=stderr or log, env=self.environment, start_new_session=True
            )

    async def ready(self) -> None:
        """Return once the present life says that it is ready, and `/readyz` says so too."""
        line = await self.logged("daemon.ready")
        self.url = f"http://{line['listen'][0]}"
        assert (await self.get("/readyz"))["status"] == "ok"

    async def up(self) -> None:
        """Begin a life and wait until it is ready."""
        self.start()
        await self.ready()

    @property
    def pid(self) -> int:
        """The process of the present life."""
        assert self.process is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End the present life as `kill -9` does."""
        assert self.process is not None
        assert self.process.poll() is None, f"ended by itself: {self.logs[-1].read_text()}"
        end(self.process)

    async def exit_status(self) -> int:
        """Wait for the end of the present life."""
        process = self.process
        assert process is not None
        await until("the daemon has ended", lambda: process.poll() is not None)
        return process.wait()

    async def stop(self) -> int:
        """Ask it to stop as a service manager does, and return its exit status."""
        self.signal(signal.SIGTERM)
        return await self.exit_status()

    async def reload(self) -> dict[str, Any]:
        """Have it read its configuration again; returns the line that says what came of it."""
        before = len(self.lines())
        self.signal(signal.SIGHUP)
        outcomes = ("reload.done", "reload.refused")
        return await self._look(
            "a reload", lambda: [each for each in self.lines()[before:] if each["event"] in outcomes]
        )

    def lines(self, life: int = -1) -> Sequence[dict[str, Any]]:
        """Return what it logged in one life; a line that the kill tore is left out, as a person reading would do."""
        text = self.logs[life].read_bytes().decode()
        whole, _, _ = text.rpartition("\n")
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    async def logged(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait for a line of the present life with this event and these fields."""

        def matching() -> list[dict[str, Any]]:
            wanted = {"event": event, **fields}.items()
            return [
                line for line in self.lines() if wanted <= {k: v for k, v in line.items() if k in dict(wanted)}.items()
            ]

        return await self._look(f"a line {event} {fields}", matching)

    async def _look(self, what: str, find: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
        process = self.process
        assert process is not None

        def look() -> dict[str, Any] | None:
            ended = process.poll() is not None
            found = find()
            assert found or not ended, f"no {what}, ended with {process.poll()}: {self.logs[-1].read_text()}"
            return found[0] if found else None

        found: dict[str, Any] = await until(f"{what} in {self.logs[-1]}", look)
        return found

    async def get(self, path: str, **query: Any) -> Any:
        """Ask its API."""
        async with httpx.AsyncClient(
            base_url=self.url, trust_env=False, verify=NO_AUTHORITIES, timeout=PATIENCE_S
        ) as client:
            return (await client.get(path, params=query)).raise_for_status().json()

    async def post(self, path: str, body: Any) -> Any:
        """Tell its API something; raises `httpx.HTTPError` where it does not answer well."""
        async with httpx.AsyncClient(
            base_url=self.url, trust_env=False, verify=NO_AUTHORITIES, timeout=PATIENCE_S
        ) as client:
            return (await client.post(path, json=body)).raise_for_status().json()

    async def events(self, **query: Any) -> list[dict[str, Any]]:
        """Return all its events."""
        return await self._pages("/v1/events", "position", **query)

    async def watches(self) -> list[dict[str, Any]]:
        """Return all its watches."""
        return await self._pages("/v1/watches", "id")

    async def _pages(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while page := (await self.get(path, after=found[-1][key] if found else 0, limit=1000, **query))["items"]:
            found += page
        return found

    async def delivered(self) -> None:
        """Return once nothing waits for any sink."""
        with anyio.fail_after(PATIENCE_S):
            while True:
                if not any(sink["pending"] for sink in (await self.get("/v1/status"))["sinks"]):
                    return
                await anyio.sleep(0.05)


@dataclass
class Apis:
    """Both simulated APIs in a process of their own, which outlives every daemon."""

    process: "subprocess.Popen[bytes]"
    nebula: str
    telestream: str

    def _post(self, url: str, body: Any) -> Any:
        return (
            httpx.post(url, json=body, trust_env=False, verify=NO_AUTHORITIES, timeout=PATIENCE_S)
            .raise_for_status()
            .json()
        )

    def add(self, base: str, **spec: Any) -> list[str]:
        """Add jobs to one of the APIs; returns their keys there."""
        keys: list[str] = self._post(f"{base}/_sim/jobs", {"jobs": [spec]})["keys"]
        return keys

    def set_faults(self, base: str, *faults: Mapping[str, Any]) -> None:
        """Replace the faults of one of the APIs."""
        self._post(f"{base}/_sim/faults", {"faults": faults})

    def cancel(self, key: str) -> None:
        """Have Explorer cancel a job, which then is stopping for a second."""
        with httpx.Client(
            base_url=f"{self.nebula}/api-open/v1", trust_env=False, verify=NO_AUTHORITIES, timeout=PATIENCE_S
        ) as client:
            headers = {"authorization": login_header("root", "nebula")}
            answer = client.post("/connect", headers=headers, json={"address": "10.0.0.5", "port": 9669})
            headers = {"content-type": "application/json", "cookie": answer.headers["set-cookie"].partition(";")[0]}
            client.put(f"/jobs/{key}/cancel", headers=headers).raise_for_status()

    def truth(self, base: str) -> Any:
        """Return what really happened there."""
        return (
            httpx.get(f"{base}/_sim/truth", trust_env=False, verify=NO_AUTHORITIES, timeout=PATIENCE_S)
            .raise_for_status()
            .json()
        )


# With its configuration, its name, and its environment.
RunDaemon = Callable[..., Daemon]
RunApis = Callable[..., Apis]
Until = Callable[[str, Callable[[], Any]], Awaitable[Any]]
# For these APIs and, where one is given, a receiver; with settings of how they are polled.
ConfigFor = Callable[..., Config]
