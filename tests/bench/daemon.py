"""The real daemon as a process of this run: configured by a file, pinned to one core, on a store on disk."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.machine import ROOT
from bench.process import cpu_s
from bench.scrape import Scrape, quantile_s, scrape
from bench.seeds import SOURCE, seed
from bench.server.script import FIRST_JOB

START_S = 180.0
# So many watches a second have had their first look, at which every answer is read and much is written.
START_RATE = 2_000.0


@dataclass(frozen=True, slots=True)
class Window:
    """What a daemon did between two looks; times in seconds, `core` is the part of one core that it used."""

    took_s: float
    cpu_s: float
    before: Scrape
    after: Scrape

    @property
    def polls_per_s(self) -> float:
        """Polls begun a second."""
        return (self.after.polls - self.before.polls) / self.took_s

    @property
    def core(self) -> float:
        """The part of one core that was used."""
        return self.cpu_s / self.took_s

    @property
    def cpu_us_per_poll(self) -> float:
        """Processor time of the whole process by polls, in microseconds."""
        return 1e6 * self.cpu_s / max(1.0, self.after.polls - self.before.polls)

    def lateness_s(self, fraction: float) -> float:
        """Return a quantile of how long after its due time a poll was begun."""
        return quantile_s(self.before.lateness, self.after.lateness, fraction)


@dataclass(frozen=True, slots=True)
class Setup:
    """Which watches a daemon has, and how it polls them."""

    jobs: int
    interval_s: float
    workflows: int = 100
    running: int | None = None  # None: all of them
    tasks: bool = True
    concurrency: int = 64
    rate: float | None = None  # the source's limit, in polls a second; None: no limit
    in_file: bool = False  # whether the watches stand in the configuration too


class Daemon:
    """Runs `jobwatchd run` with all kinds of sinks, for as long as its context lasts."""

    def __init__(self, setup: Setup, server_url: str, core: int) -> None:
        parent = ROOT / "build" / "bench"
        parent.mkdir(parents=True, exist_ok=True)
        # In the checkout and not in /tmp, which may be in memory.
        self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
        running = setup.jobs if setup.running is None else setup.running
        store = self._folder / "jobwatchd.db"
        self.seeded_in_s = seed(store, setup.jobs, workflows=setup.workflows, running=running, tasks=setup.tasks)
        self._setup = setup
        self._config = self._folder / "jobwatchd.yaml"
        self._settings = _configuration(setup, server_url, store)
        self._configure({})
        self._log = self._folder / "log"
        begun_s = time.monotonic()
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "jobwatchd", "run", "-c", str(self._config)]
            self._process = subprocess.Popen(command, stderr=log)
        os.sched_setaffinity(self._process.pid, {core})
        self.base_url = f"http://{self._await_ready()}"
        self.loaded_in_s = time.monotonic() - begun_s

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Nothing is left to do: the constructor waits until it is ready."""
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        """Kill what still runs, and remove what it wrote."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)

    def stop(self) -> float:
        """Have it end in order; returns the seconds that it took."""
        begun_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=START_S)
        return time.monotonic() - begun_s

    def reload(self) -> None:
        """Have it read its configuration again."""
        self._process.send_signal(signal.SIGHUP)

    def relabel(self, label: str) -> float:
        """Have it read its configuration again, with another label on each watch; returns the seconds that it took."""
        self._configure({"team": label})
        before = self._count(b'"reload.done"')
        begun_s = time.monotonic()
        self.reload()
        while self._count(b'"reload.done"') == before:
            time.sleep(0.005)
        return time.monotonic() - begun_s

    def watch(self, window_s: float) -> Window:
        """Let `window_s` seconds pass, and return what it did in them."""
        before, used_s, begun_s = scrape(self.base_url), cpu_s(self.pid), time.monotonic()
        time.sleep(window_s)
        took_s, used_s = time.monotonic() - begun_s, cpu_s(self.pid) - used_s
        return Window(took_s, used_s, before, scrape(self.base_url))

    def _configure(self, labels: Mapping[str, str]) -> None:
        jobs = range(FIRST_JOB, FIRST_JOB + self._setup.jobs) if self._setup.in_file else ()
        watches = [{"source": SOURCE, "job": {"job_id": job}, "labels": labels} for job in jobs]
        # Replaced at once, as whoever writes configurations should; JSON is YAML.
        new = self._config.with_suffix(".new")
        new.write_text(json.dumps({**self._settings, "watches": watches}))
        new.rename(self._config)

    def _count(self, text: bytes) -> int:
        return self._log.read_bytes().count(text)

    def _await_ready(self) -> str:
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s and self._process.poll() is None:
            for line in self._log.read_bytes().splitlines():
                if b'"daemon.ready"' in line:
                    return str(json.loads(line)["listen"][0])
            time.sleep(0.02)
        said = self._log.read_text()[-2000:]
        self.__exit__(None, None, None)
        raise RuntimeError(f"the daemon ended, or did not become ready within {START_S:.0f} s; it said: {said}")


def _configuration(setup: Setup, server_url: str, store: Path) -> dict[str, Any]:
    poll = {
        "interval": f"{round(setup.interval_s * 1000)}ms",
        "jitter": 0,
        "rate": None if setup.rate is None else f"{setup.rate:g}/s",
        "concurrency": setup.concurrency,
    }
    source = {
        "kind": "nebula-explorer",
        "base_url": server_url,
        "account": "bench",
        # Nothing that stands in every line of the log, each of which would then be searched for it in vain.
        "password": "correct horse battery staple",
        "graphd": {"address": "127.0.0.1", "port": 9669},
        "poll": poll,
    }
    return {
        "sources": {SOURCE: source},
        "sinks": {
            "journal": {"kind": "log"},
            "prometheus": {"kind": "metrics"},
            "hook": {"kind": "webhook", "url": f"{server_url}/hook", "secrets": [], "concurrency": 32},
        },
        "store": {"url": f"sqlite:///{store}"},
        "server": {"listen": "127.0.0.1:0"},
        "log": {"format": "json"},
    }
