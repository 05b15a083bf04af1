"""Run the benchmark: `python -m bench [--quick] [--only single_polls …]`, or draw the cadence chart: `--chart`."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.load import LoadServer
from bench.machine import ROOT, cores, describe
from bench.report import Report
from bench.scenarios import Bench, cadence, changing_jobs, growth, list_polls, reload, scale, single_polls

MEASURED: Mapping[str, Callable[[Bench], None]] = {
    "single_polls": single_polls.run,
    "changing_jobs": changing_jobs.run,
    "list_polls": list_polls.run,
    "scale": scale.run,
    "growth": growth.run,
    "reload": reload.run,
}
CADENCE = "cadence"


def main() -> None:
    """Read the arguments, run what was asked for, print the report and save it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first impression in a minute, on fewer jobs")
    parser.add_argument("--only", nargs="+", choices=[*MEASURED, CADENCE], default=[*MEASURED, CADENCE])
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json", help="where the report is saved")
    parser.add_argument("--chart", action="store_true", help="draw docs/cadence.svg and do nothing else")
    given = parser.parse_args()
    if given.chart:
        cadence.draw_chart()
        return
    begun_s = time.monotonic()
    report = Report(describe(), "quick" if given.quick else "full")
    measured = [name for name in MEASURED if name in given.only]
    try:
        if measured:
            measure(report, measured, quick=given.quick)
        if CADENCE in given.only:
            cadence.run(report, quick=given.quick)
    finally:
        # What was found before something broke took minutes to find.
        report.took_s = time.monotonic() - begun_s
        report.save(given.json)
        sys.stdout.write(report.text())


def measure(report: Report, names: list[str], *, quick: bool) -> None:
    """Run the scenarios that need a daemon, one after another, on one load server."""
    core, server_core = cores()
    if core == server_core:
        report.notes.append("Only one core may be used: the load server shares it with what is measured.")
    with LoadServer(server_core) as server:
        bench = Bench(server, core, report, quick)
        for name in names:
            begun_s = time.monotonic()
            MEASURED[name](bench)
            sys.stderr.write(f"{name}: {time.monotonic() - begun_s:.0f} s\n")


if __name__ == "__main__":
    main()
