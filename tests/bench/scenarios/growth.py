"""Goal 5: what a poll costs beside a thousand watches, and beside a million."""

import time

from bench.daemon import Daemon, Setup
from bench.report import Figure, Table
from bench.scenarios import Bench

# A million watches have an interval of less than five minutes with it: what is longer is shortened after a start.
RATE = 4_000.0
SIZES = (1_000, 10_000, 100_000, 1_000_000)


def run(bench: Bench) -> None:
    """Make the same number of polls a second beside more and more watches.

    No two answers are the same, so that each is read: with a million watches, the window ends before any comes twice.
    """
    rows = []
    for jobs in SIZES[:2] if bench.quick else SIZES:
        bench.server.begin(jobs=jobs, workflows=jobs, fresh=1)
        with Daemon(Setup(jobs, jobs / RATE, workflows=jobs), bench.server.base_url, bench.core) as daemon:
            # What fell due while it loaded is made up for first, and in bulk.
            time.sleep(0.5 if bench.quick else 2.0 + daemon.loaded_in_s / 3)
            window = daemon.watch(1.0 if bench.quick else 6.0)
        rows.append((jobs, window.polls_per_s, window.cpu_us_per_poll, window.lateness_s(0.99) * 1000))
    columns = ("watches", "polls/s", "CPU µs a poll, read", "p99 lateness ms")
    bench.report.tables.append(Table("Growth", columns, rows))
    name = f"CPU per poll at {rows[-1][0]:,} watches, by that at {rows[0][0]:,}"
    bench.report.figures.append(Figure(5, name, rows[-1][2] / rows[0][2], "times", "≤", 1.3))
