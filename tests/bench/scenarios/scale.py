"""Goal 4: a million watches; and what a hundred thousand cost that are seldom looked at."""

import httpx

from bench.daemon import Daemon, Setup
from bench.probe import PauseProbe
from bench.process import memory_bytes
from bench.report import Figure
from bench.scenarios import Bench

CADENCE_S = 300.0
BASE, IDLE, MANY = 1_000, 100_000, 1_000_000
WORKFLOWS = 1_000


def run(bench: Bench) -> None:
    """Load, look, scrape, list, reload and stop; tell memory, times and the longest pause."""
    if bench.quick:
        return
    base_bytes = _memory_bytes(bench, BASE)
    _measure_many(bench, base_bytes)
    _measure_idle(bench)


def _memory_bytes(bench: Bench, jobs: int) -> int:
    bench.server.begin(jobs=jobs, workflows=10)
    with Daemon(Setup(jobs, 1.0, workflows=10), bench.server.base_url, bench.core) as daemon:
        daemon.watch(3.0)
        return memory_bytes(daemon.pid)


def _measure_many(bench: Bench, base_bytes: int) -> None:
    bench.server.begin(jobs=MANY, workflows=WORKFLOWS)
    with Daemon(Setup(MANY, CADENCE_S, workflows=WORKFLOWS), bench.server.base_url, bench.core) as daemon:
        with PauseProbe(daemon.base_url) as probe:
            daemon.watch(8.0)
            httpx.get(f"{daemon.base_url}/v1/watches", params={"limit": 500}, timeout=60)
            daemon.reload()
            window = daemon.watch(12.0)
        used_bytes = memory_bytes(daemon.pid)
        loaded_in_s, seeded_in_s = daemon.loaded_in_s, daemon.seeded_in_s
        highest_bytes = memory_bytes(daemon.pid, "VmHWM")
        stopped_in_s = daemon.stop()
    bench.report.figures += [
        Figure(4, "memory a watch, beyond the base", (used_bytes - base_bytes) / (MANY - BASE), "B", "≤", 500.0),
        Figure(4, "memory at its highest, with a million", highest_bytes / 1e6, "MB"),
        Figure(4, "from start to ready with a million", loaded_in_s, "s", "≤", 30.0),
        Figure(4, "longest pause of the loop (livez, 50 Hz)", probe.longest_s * 1000, "ms", "≤", 250.0),
        Figure(4, "p99 lateness with a million", window.lateness_s(0.99) * 1000, "ms"),
        Figure(4, "shutdown with a million", stopped_in_s, "s", "≤", 10.0),
    ]
    bench.report.notes.append(f"A million watches were put into the store in {seeded_in_s:.0f} s, before the start.")


def _measure_idle(bench: Bench) -> None:
    bench.server.begin(jobs=IDLE, workflows=IDLE)
    setup = Setup(IDLE, CADENCE_S, workflows=IDLE)
    with Daemon(setup, bench.server.base_url, bench.core) as daemon:
        daemon.watch(2.0)
        window = daemon.watch(10.0)
    bench.report.figures.append(
        Figure(4, "part of a core, 100,000 watches every 5 minutes, polled singly", window.core, "", "≤", 0.1)
    )
