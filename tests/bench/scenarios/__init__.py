"""What is measured, one file a goal; each takes a `Bench` and adds figures and tables to its report."""

from dataclasses import dataclass

from bench.load import LoadServer
from bench.report import Report


@dataclass(frozen=True, slots=True)
class Bench:
    """A run: its load server, the core of what is measured, and the report; `quick` is for a first impression."""

    server: LoadServer
    core: int
    report: Report
    quick: bool
