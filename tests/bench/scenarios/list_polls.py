"""Goal 3: many jobs of few workflows, looked at by list."""

import math
import time

from bench.daemon import START_RATE, Daemon, Setup
from bench.report import Figure, Table
from bench.scenarios import Bench
from jobwatchd.sources.nebula_explorer.source import PAGE_SIZE

WORKFLOWS = 100


def run(bench: Bench) -> None:
    """Count the requests that it takes to look at every job once an interval."""
    jobs, interval_s = (5_000, 2.0) if bench.quick else (100_000, 10.0)
    minimal = WORKFLOWS * math.ceil(jobs / WORKFLOWS / PAGE_SIZE)
    bench.server.begin(jobs=jobs, workflows=WORKFLOWS)
    with Daemon(Setup(jobs, interval_s, workflows=WORKFLOWS), bench.server.base_url, bench.core) as daemon:
        # The first looks are spread over this; then the groups find together.
        time.sleep(jobs / START_RATE + 3 * interval_s)
        before = bench.server.counts()
        window = daemon.watch(interval_s)
        after = bench.server.counts()
    asked = {kind: after.get(kind, 0) - before.get(kind, 0) for kind in ("list", "job", "entries")}
    requests = asked["list"] + asked["job"]
    bench.report.figures += [
        Figure(3, "requests an interval, by the fewest possible", requests / minimal, "times", "≤", 1.1),
        Figure(3, "part of a core", window.core, "", "≤", 0.4),
    ]
    rows = [(jobs, WORKFLOWS, minimal, asked["list"], asked["job"], asked["entries"], window.core)]
    columns = ("jobs", "workflows", "fewest requests", "list requests", "job requests", "entries shown", "core")
    bench.report.tables.append(Table(f"List polls, per interval of {interval_s:g} s", columns, rows))
