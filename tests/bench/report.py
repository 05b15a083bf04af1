"""What came out: figures against goals, tables, and where it ran."""

import json
import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path

HOLDS = {"≥": operator.ge, "≤": operator.le}
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `bound` is the goal it is held against (`≥`, `≤`, or nothing) and `wanted` its number."""

    goal: int
    name: str
    value: float | None
    unit: str = ""
    bound: str = ""
    wanted: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing was measured."""
        if self.value is None or self.wanted is None:
            return None
        return bool(HOLDS[self.bound](self.value, self.wanted))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that belong together, under one title."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(slots=True)
class Report:
    """Everything that one run found."""

    machine: dict[str, object]
    mode: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    took_s: float = 0.0

    def save(self, path: Path) -> None:
        """Write it as JSON; a value that is no finite number is written as text."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = asdict(self)
        for shown, figure in zip(content["figures"], self.figures, strict=True):
            shown["holds"] = figure.holds
        path.write_text(json.dumps(_plain(content), indent=2, ensure_ascii=False) + "\n")

    def text(self) -> str:
        """Return it for a reader, as Markdown."""
        marks = {True: "yes", False: "NO", None: ""}
        rows = [
            (figure.goal, figure.name, figure.value, figure.unit, _wanted(figure), marks[figure.holds])
            for figure in self.figures
        ]
        parts = [f"# jobwatchd, measured ({self.mode}, {self.took_s:.0f} s)", _bullets(self.machine)]
        parts.append(_table(Table("Goals", ("goal", "figure", "value", "unit", "wanted", "met"), rows)))
        parts += [_table(table) for table in self.tables]
        parts += [f"- {note}" for note in self.notes]
        return "\n\n".join(parts) + "\n"


def show(value: Cell) -> str:
    """Return a cell with three figures that count."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    magnitude = abs(value)
    if magnitude >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _wanted(figure: Figure) -> str:
    return "" if figure.wanted is None else f"{figure.bound} {show(figure.wanted)}"


def _bullets(facts: dict[str, object]) -> str:
    return "\n".join(f"- {name}: {_line(value)}" for name, value in facts.items())


def _line(value: object) -> str:
    if isinstance(value, dict):
        return " · ".join(f"{name} {inner}" for name, inner in value.items())
    return str(value)


def _table(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *([show(cell) for cell in row] for row in table.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.columns))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([f"## {table.title}", "", *drawn])


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if isfinite(value) else str(value)
    return value
