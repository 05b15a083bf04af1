"""Goal 6: a configuration of fifty thousand watches is read again, with other labels on each of them."""

from statistics import median

from bench.daemon import Daemon, Setup
from bench.probe import PauseProbe
from bench.report import Figure
from bench.scenarios import Bench

WATCHES, QUICK = 50_000, 5_000
HOUR_S = 3_600.0


def run(bench: Bench) -> None:
    """Change every label, look how long that takes and what it holds up, and stop in the middle of another one."""
    jobs = QUICK if bench.quick else WATCHES
    bench.server.begin(jobs=jobs, workflows=jobs)
    setup = Setup(jobs, HOUR_S, workflows=jobs, in_file=True)
    with Daemon(setup, bench.server.base_url, bench.core) as daemon:
        window = daemon.watch(5.0)
        with PauseProbe(daemon.base_url) as probe:
            before = daemon.watch(0.0).after
            took_s = [daemon.relabel(str(number)) for number in range(3)]
            polls = daemon.watch(0.0).after.polls - before.polls
        daemon.reload()
        stopped_in_s = daemon.stop()
    due = window.polls_per_s * sum(took_s)
    bench.report.figures += [
        Figure(6, f"reload of {jobs:,} watches, other labels on each", median(took_s), "s", "≤", 5.0),
        Figure(6, "longest pause of the loop meanwhile (livez, 50 Hz)", probe.longest_s * 1000, "ms", "≤", 250.0),
        Figure(6, "polls meanwhile, by those that were due", polls / max(1.0, due), "times", "≤", 1.1),
        Figure(6, "shutdown in the middle of a reload", stopped_in_s, "s", "≤", 2.0),
    ]
