"""A SQLite store in a folder of its own, and what is put into it."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobwatchd.model.facts import NO_FACTS, JobFacts
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.transition import Step, advance
from jobwatchd.model.watch import Watch, WatchSpec
from jobwatchd.stores.sql import SqlStore

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_457, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """Give an instant with all of its microseconds."""
    return NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a database that does not exist yet."""
    return tmp_path / "store.db"


@pytest.fixture
def url(path: Path) -> str:
    """Give the URL of that database."""
    return f"sqlite:///{path}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """Give an open store that does not wait long for locks."""
    made = SqlStore(url, busy_timeout_s=0.05)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Give the connection of another program to the same file."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def specs() -> Callable[[int], list[WatchSpec]]:
    """Give a maker of so many specifications."""

    def make(count: int) -> list[WatchSpec]:
        return [WatchSpec(JobReference("graph", str(number)), {"team": "x"}) for number in range(count)]

    return make


@pytest.fixture
def step() -> Callable[..., Step]:
    """Give a maker of the step to a state."""

    def make(
        watch: Watch, state: State = State.QUEUED, *, facts: JobFacts = NO_FACTS, error: str | None = None
    ) -> Step:
        return advance(watch, Observation(state, state.value.upper(), facts, error), NOW)

    return make
