"""Goal 2: jobs that change, each change committed and delivered."""

import time

from bench.daemon import START_RATE, Daemon, Setup
from bench.report import Figure, Table
from bench.scenarios import Bench

# Longer than an interval, so that every job is seen running.
RUN_INTERVALS = 1.2
RATES = (500.0, 2_000.0)
COLUMNS = (
    "changes/s",
    "delivered/s",
    "p50 change to receipt s",
    "p99",
    "longest",
    "polls/s",
    "core",
    "CPU µs a change",
    "still pending",
    "twice",
)


def run(bench: Bench) -> None:
    """Let jobs begin and end at some rates, and see when the webhook receiver hears of it."""
    cost_us = next((figure.value for figure in bench.report.figures if figure.name == "CPU per poll"), None)
    interval_s = 3.0 if bench.quick else 10.0
    rates = RATES[:1] if bench.quick else RATES
    rows = [_measure(bench, rate, interval_s, cost_us or 48.0) for rate in rates]
    bench.report.tables.append(Table(f"Changing jobs, polled singly every {interval_s:g} s", COLUMNS, rows))
    changes, delivered, _, p99_s, _, _, _, change_us, pending, _ = rows[-1]
    bench.report.figures += [
        Figure(2, f"delivered, by {changes:,.0f} changes/s", delivered / changes, "times", "≥", 0.98),
        Figure(2, "p99 change to receipt, beyond the interval", (p99_s - interval_s) * 1000, "ms", "≤", 250.0),
        # Of few changes a second each bears more of what goes on all the time; the goal is for many.
        Figure(2, "CPU per transition, polls taken off", change_us, "µs", *(() if bench.quick else ("≤", 400.0))),
        Figure(2, "deliveries pending at the end", pending),
    ]


def _measure(bench: Bench, rate: float, interval_s: float, poll_us: float) -> tuple[float, ...]:
    window_s = 3.0 if bench.quick else 15.0
    run_s, settle_s = interval_s * RUN_INTERVALS, interval_s + 1.0
    jobs = int(rate / 2 * (run_s + settle_s + window_s + 2.0))
    running = int(rate / 2 * run_s)
    # While it starts and looks at each job once, none changes: the script begins anew when all is calm.
    bench.server.begin(jobs=jobs, workflows=jobs, tasks=0, rate=1e-6, run_s=running * 2e6)
    setup = Setup(jobs, interval_s, workflows=jobs, running=running, tasks=False)
    with Daemon(setup, bench.server.base_url, bench.core) as daemon:
        time.sleep(jobs / START_RATE + 1.0)
        bench.server.begin(jobs=jobs, workflows=jobs, tasks=0, rate=rate, run_s=run_s)
        time.sleep(settle_s)
        window = daemon.watch(window_s)
        receipts = bench.server.receipts(settle_s, settle_s + window_s)
        pending = window.after.pending
    polls = window.after.polls - window.before.polls
    spent_us = window.cpu_s * 1e6 - polls * poll_us
    delivered = receipts["changes"] / window_s
    inf = float("inf")
    return (
        rate,
        delivered,
        receipts["p50_s"] or inf,
        receipts["p99_s"] or inf,
        receipts["max_s"] or inf,
        window.polls_per_s,
        window.core,
        spent_us / max(1, receipts["changes"]),
        pending,
        receipts["twice"],
    )
