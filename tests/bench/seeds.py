"""Watches put into a store before the daemon starts: a million in seconds, as if all had been polled before."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio

from bench.server.nebula import FIRST_WORKFLOW
from bench.server.script import FIRST_JOB, TASK_ID
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import WatchSpec
from jobwatchd.stores.rows import new_watch_row
from jobwatchd.stores.sql import SqlStore

SOURCE = "graph"


def seed(path: Path, jobs: int, *, workflows: int, running: int, tasks: bool) -> float:
    """Write a new store with one watch a job, the first `running` of them running, the others queued.

    What the first poll of each would teach is known already, so that it is no news. Returns the seconds it took.
    """
    begun_s = time.monotonic()
    anyio.run(_create, path)
    template = new_watch_row(WatchSpec(JobReference(SOURCE, str(FIRST_JOB))), datetime.now(UTC))
    columns = [*template, "state", "native_state", "tasks", "list_group"]
    marks = ", ".join(f":{name}" for name in columns)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            f"INSERT INTO watches ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - the names are our own
            _rows(template, jobs, workflows, running, tasks=tasks),
        )
    connection.close()
    return time.monotonic() - begun_s


async def _create(path: Path) -> None:
    store = SqlStore(f"sqlite:///{path}")
    await store.open()
    await store.close()


def _rows(
    template: dict[str, object], jobs: int, workflows: int, running: int, *, tasks: bool
) -> Iterator[dict[str, object]]:
    known_tasks = f'{{"{TASK_ID}":"running"}}' if tasks else None
    for index in range(jobs):
        runs = index < running
        yield {
            **template,
            "job": str(FIRST_JOB + index),
            "state": "running" if runs else "queued",
            "native_state": "1" if runs else "0",
            "tasks": known_tasks,
            "list_group": str(FIRST_WORKFLOW + index % workflows),
        }
