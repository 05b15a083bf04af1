"""Goal 1: one request a job, nothing changes; the daemon beside the loops that people write."""

from statistics import median

from bench.contenders import DaemonContender, Effort, contenders, wrk
from bench.report import Cell, Figure, Table
from bench.scenarios import Bench
from bench.sustained import Reading, confirm_sustained, find_sustained

OURS = DaemonContender.name
QUICK = Effort(rounds=1, looks=1, interval_s=0.25, warmup_s=0.2, window_s=1.5)
FULL = Effort(rounds=3, looks=3, interval_s=1.0, warmup_s=0.5, window_s=2.0)


def run(bench: Bench) -> None:
    """Find what each contender sustains, in interleaved rounds, and hold the daemon against the others."""
    effort = QUICK if bench.quick else FULL
    field = contenders(effort, bench.server, bench.core)
    readings: dict[str, list[Reading]] = {contender.name: [] for contender in field}
    ceilings: list[float] = []
    for number in range(effort.rounds):
        ceiling = wrk(bench.server, bench.core, effort.window_s)
        ceilings += [] if ceiling is None else [ceiling]
        for contender in field:
            if number == 0:
                reading = find_sustained(contender.measure, contender.guess, effort.looks)
            else:
                reading = confirm_sustained(contender.measure, contender.guess)
            readings[contender.name].append(reading)
            contender.guess = reading.polls_per_s
    daemon = DaemonContender(0.0, effort, bench.server, bench.core)
    cost_us = _middle(readings[OURS], "cpu_us_per_poll")
    calm = daemon.measure(0.6e6 / cost_us)
    _tell(bench, readings, ceilings, calm)


def _tell(bench: Bench, readings: dict[str, list[Reading]], ceilings: list[float], calm: Reading) -> None:
    def ratio(other: str) -> float | None:
        """Return the median of the ratios of one round each."""
        if other not in readings:
            return None
        pairs = zip(readings[OURS], readings[other], strict=True)
        return median(ours.polls_per_s / theirs.polls_per_s for ours, theirs in pairs)

    def cost(other: str) -> float:
        """Return the same of the processor time a poll: steadier than rates where others use the machine too."""
        pairs = zip(readings[OURS], readings[other], strict=True)
        return median(theirs.cpu_us_per_poll / ours.cpu_us_per_poll for ours, theirs in pairs)

    if bench.quick:
        bench.report.notes.append(
            "Single polls had one look each, at a rate guessed beforehand: limits were not sought."
        )
    else:
        bench.report.figures += [
            Figure(1, "sustained, by the pyreqwest loop", ratio("pyreqwest loop"), "times", "≥", 0.75),
            Figure(1, "sustained, by aiohttp frozen", ratio("aiohttp, frozen"), "times", "≥", 2.5),
            Figure(1, "sustained, by httpx", ratio("httpx"), "times", "≥", 45.0),
        ]
    bench.report.figures += [
        Figure(1, "sustained", _middle(readings[OURS], "polls_per_s"), "polls/s"),
        Figure(1, "CPU per poll", _middle(readings[OURS], "cpu_us_per_poll"), "µs", "≤", 48.0),
        *(Figure(1, f"CPU per poll of {other}, by ours", cost(other), "times") for other in readings if other != OURS),
        Figure(1, f"p99 lateness at {calm.core:.0%} of a core", calm.p99_s * 1000, "ms", "≤", 60.0),
    ]
    columns = ("loop", "polls/s sustained", "p50 lateness ms", "p99 lateness ms", "CPU µs a poll", "core", "rounds")
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            _middle(found, "polls_per_s") if all(reading.is_sustained for reading in found) else "none",
            _middle(found, "p50_s") * 1000,
            _middle(found, "p99_s") * 1000,
            _middle(found, "cpu_us_per_poll"),
            _middle(found, "core"),
            len(found),
        )
        for name, found in readings.items()
    ]
    if ceilings:
        rows.append(("wrk (the load server's limit)", median(ceilings), None, None, None, None, len(ceilings)))
    else:
        bench.report.notes.append("wrk (or taskset) is not installed, so the load server's own limit is not shown.")
    if "aiohttp" not in readings:
        bench.report.notes.append("aiohttp is not installed (dependency group bench), so its scripts did not run.")
    bench.report.tables.append(Table("Single polls", columns, rows))


def _middle(readings: list[Reading], name: str) -> float:
    return float(median(getattr(reading, name) for reading in readings))
