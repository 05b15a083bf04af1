"""Rows for people: a table on a terminal, aligned text elsewhere."""

import sys
from collections.abc import Sequence
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print `rows` under `columns` on standard output; None is shown as a dash."""
    texts = [[printable(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in _aligned([[column.upper() for column in columns], *texts]):
            click.echo(line)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))  # not str: rich would read markup in it
    Console().print(table)


def printable(cell: object) -> str:
    """Return `cell` as text that cannot steer a terminal: names of jobs come from elsewhere."""
    if cell is None or cell == "":
        return "-"
    return "".join(letter if letter.isprintable() else "?" for letter in str(cell))


def shown_time(instant: str | None) -> str | None:
    """Return an ISO 8601 time in UTC, to the second, as people read it."""
    if instant is None:
        return None
    return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M:%SZ}"


def shown_instant(at: datetime | None) -> str | None:
    """Return a time as ISO 8601, with the fraction that it has."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _aligned(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
