"""Goal 6, and half of goal 5: the default cadence beside fixed intervals, simulated."""

from collections.abc import Mapping
from math import log2
from pathlib import Path

from bench.chart import Panel, draw
from bench.lives import Outcome, Poll, adaptive, fixed, simulate
from bench.machine import ROOT
from bench.report import Figure, Report, Table
from jobwatchd.model.cadence import Cadence

LENGTHS_S: Mapping[float, str] = {
    10.0: "10 s",
    60.0: "1 min",
    300.0: "5 min",
    1_800.0: "30 min",
    7_200.0: "2 h",
    28_800.0: "8 h",
    86_400.0: "24 h",
}
WAYS: Mapping[str, Poll] = {
    "default": adaptive(Cadence()),
    "every 5 s": fixed(5.0),
    "every 15 s": fixed(15.0),
    "every 60 s": fixed(60.0),
}
CHART = ROOT / "docs" / "cadence.svg"
SEED = 7
Outcomes = Mapping[float, Mapping[str, Outcome]]


def run(report: Report, *, quick: bool) -> None:
    """Simulate, and add the table and the figures."""
    outcomes = simulate_all(60 if quick else 400)
    columns = ["life"]
    for way in WAYS:
        columns += [f"{way}: requests", "delay p50 s", "p99 s"]
    rows = []
    for length_s, name in LENGTHS_S.items():
        row: list[str | float] = [name]
        for way in WAYS:
            outcome = outcomes[length_s][way]
            row += [outcome.requests, outcome.delay_p50_s, outcome.delay_p99_s]
        rows.append(row)
    report.tables.append(Table("Cadence, simulated", columns, rows))
    short, end = 60.0, 86_400.0
    name = "requests per doubling of a life, 30 min to 24 h, by 1 to 30 min"
    report.figures.append(Figure(5, name, _growth(outcomes, short, 1_800.0, end), "times", "≤", 1.2))
    spared = outcomes[end]["default"].requests / outcomes[end]["every 5 s"].requests
    report.figures += [
        Figure(6, "requests for a day's job, by every 5 s", spared, "times"),
        Figure(6, "p99 delay for a job of a minute, by every 5 s", _delay(outcomes, short), "times"),
    ]


def simulate_all(jobs: int) -> Outcomes:
    """Return the outcome of every way of polling for every length of life; the same for the same number of jobs."""
    return {
        length_s: {way: simulate(poll, length_s, jobs, SEED) for way, poll in WAYS.items()} for length_s in LENGTHS_S
    }


def draw_chart(path: Path = CHART) -> None:
    """Draw requests and delays over the length of a life, into `path`."""
    outcomes = simulate_all(400)

    def lines(name: str) -> Mapping[str, list[tuple[float, float]]]:
        return {way: [(length_s, getattr(outcomes[length_s][way], name)) for length_s in LENGTHS_S] for way in WAYS}

    panels = [
        Panel("Requests a job", "the job's life", lines("requests"), LENGTHS_S),
        Panel("Seconds until its end is seen (p99)", "the job's life", lines("delay_p99_s"), LENGTHS_S),
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text(draw("The default cadence beside fixed intervals", panels))


def _growth(outcomes: Outcomes, short: float, middle: float, long: float) -> float:
    """Return how many more requests a doubling costs in longer lives than in shorter; 1 where they grow by O(log)."""

    def slope(first: float, second: float) -> float:
        more = outcomes[second]["default"].requests - outcomes[first]["default"].requests
        return more / log2(second / first)

    return slope(middle, long) / slope(short, middle)


def _delay(outcomes: Outcomes, length_s: float) -> float:
    return outcomes[length_s]["default"].delay_p99_s / outcomes[length_s]["every 5 s"].delay_p99_s
