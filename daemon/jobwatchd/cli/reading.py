"""What was read from an answer, for people: beside what was found, and how."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from jobwatchd.kinds.source import Finding, Misfit
from jobwatchd.model.facts import FACTS
from jobwatchd.model.job import Observation

COLUMNS = ("key", "expression", "found", "read as")
_WIDTH = 48
_FIELDS = ("state", *FACTS, "error")


def finding_rows(findings: Sequence[Finding], job: Observation | None) -> list[tuple[object, ...]]:
    """Return rows under `COLUMNS`: what each expression found, and what became of it."""
    return [
        (
            finding.key,
            shorten(finding.expression),
            _found(finding.value),
            None if job is None else read_as(finding.key, job),
        )
        for finding in findings
    ]


def observation_rows(job: Observation) -> list[tuple[object, ...]]:
    """Return rows under `COLUMNS` for a source that has no expressions."""
    rows = [(key, None, job.native_state if key == "state" else None, read_as(key, job)) for key in _FIELDS]
    return [*rows, *([("tasks", None, None, read_as("tasks", job))] if job.tasks else [])]


def read_as(key: str, job: Observation) -> str | None:
    """Return what a job has under one key of `read`."""
    if key == "state":
        return "unmapped: it is in no map" if job.state is None else str(job.state)
    if key == "id":
        return "the job asked for"
    if key == "tasks":
        words = [f"{task.name or task.id} {task.state or f'unmapped ({task.native_state})'}" for task in job.tasks]
        return shorten(f"{len(words)}: {', '.join(words)}" if words else "none")
    value = job.error if key == "error" else getattr(job.facts, key, None)
    return shown_instant(value) if isinstance(value, datetime) else None if value is None else shorten(str(value))


def shown_instant(at: datetime | None) -> str | None:
    """Return a time as ISO 8601, with the fraction that it has."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def shorten(text: str) -> str:
    """Return a text in one line, cut to what a column holds."""
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _found(value: Any) -> str:
    if isinstance(value, Misfit):
        return shorten(f"does not fit: {value.why}")
    try:
        return shorten(orjson.dumps(value).decode())
    except TypeError:  # a number beyond 64 bits, or what an expression made of one
        return shorten(str(value))
