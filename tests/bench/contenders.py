"""The polling loops as processes of a run: asked for a rate, they tell what became of it."""

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Protocol

from bench.daemon import START_RATE, Daemon, Setup
from bench.load import LoadServer, environment
from bench.machine import installed
from bench.sustained import Reading


@dataclass(frozen=True, slots=True)
class Effort:
    """How thoroughly a scenario measures; seconds."""

    rounds: int
    looks: int
    interval_s: float
    warmup_s: float
    window_s: float


class Contender(Protocol):
    """Anything that polls."""

    name: str
    guess: float

    def measure(self, rate: float) -> Reading:
        """Poll `rate` times a second in all, and tell what became of it."""


class Script:
    """One of the `competitors`."""

    def __init__(
        self, name: str, module: str, guess: float, *options: str, effort: Effort, server: LoadServer, core: int
    ) -> None:
        self.name = name
        self.guess = guess
        self._module = module
        self._effort = effort
        self._server = server
        self._core = core
        self._options = options

    def measure(self, rate: float) -> Reading:
        """Poll one job an interval for each poll of the rate."""
        effort = self._effort
        jobs = max(1, int(rate * effort.interval_s))
        self._server.begin(jobs=jobs, workflows=jobs)
        arguments = {
            "base-url": self._server.base_url,
            "jobs": jobs,
            "interval": effort.interval_s,
            "warmup": effort.warmup_s + effort.interval_s,
            "window": effort.window_s,
            "core": self._core,
        }
        command = [sys.executable, "-m", f"bench.competitors.{self._module}"]
        command += [f"--{name}={value}" for name, value in arguments.items()]
        done = subprocess.run([*command, *self._options], env=environment(), capture_output=True, text=True, check=True)
        return Reading(jobs / effort.interval_s, **json.loads(done.stdout))


class DaemonContender:
    """jobwatchd itself, every job alone in its list, so that each poll is one request for one job."""

    name = "jobwatchd"

    def __init__(self, guess: float, effort: Effort, server: LoadServer, core: int) -> None:
        self.guess = guess
        self._effort = effort
        self._server = server
        self._core = core

    def measure(self, rate: float) -> Reading:
        """Watch one job an interval for each poll of the rate."""
        effort = self._effort
        jobs = max(1, int(rate * effort.interval_s))
        self._server.begin(jobs=jobs, workflows=jobs)
        with Daemon(Setup(jobs, effort.interval_s, workflows=jobs), self._server.base_url, self._core) as daemon:
            time.sleep(jobs / START_RATE + effort.interval_s + effort.warmup_s)
            window = daemon.watch(effort.window_s)
        if window.after.polls_failed:
            raise RuntimeError(f"{window.after.polls_failed:.0f} polls failed; the figures would mean nothing")
        return Reading(
            jobs / effort.interval_s,
            window.polls_per_s,
            window.lateness_s(0.5),
            window.lateness_s(0.99),
            window.cpu_us_per_poll,
            window.core,
        )


def contenders(effort: Effort, server: LoadServer, core: int) -> list[Contender]:
    """Return all that can run here, each with a first guess of what it can do."""

    def script(name: str, module: str, guess: float, *options: str) -> Script:
        return Script(name, module, guess, *options, effort=effort, server=server, core=core)

    found: list[Contender] = [
        script("pyreqwest loop", "pyreqwest_loop", 28_000),
        DaemonContender(24_000, effort, server, core),
    ]
    if installed("aiohttp"):
        found.append(script("aiohttp, frozen", "aiohttp_script", 6_000, "--frozen"))
        found.append(script("aiohttp", "aiohttp_script", 5_000))
    found.append(script("httpx", "httpx_script", 550))
    return found


def wrk(server: LoadServer, core: int, window_s: float) -> float | None:
    """Return the requests a second that wrk gets out of the load server; None where wrk is not installed."""
    program, taskset = shutil.which("wrk"), shutil.which("taskset")
    if program is None or taskset is None:
        return None
    server.begin(jobs=1, workflows=1)
    url = f"{server.base_url}/api-open/v1/jobs/10000000"
    options = ["-t1", "-c64", f"-d{max(1, int(window_s))}s", "-H", "Cookie: explorer_token=bench", url]
    command = [taskset, "--cpu-list", str(core), program, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return float(found[1]) if found else None
