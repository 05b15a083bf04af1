"""A remote job: how it is named, which states it has, what one poll sees of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote
from zlib import crc32

from jobwatchd.model.facts import NO_FACTS, JobFacts

MAX_PARAMETER_LENGTH = 512
# Stored with every watch: another number would need a migration that computes all of them anew.
SHARDS = 64
# Looked at first, because it costs a tenth of quoting.
_PLAIN = re.compile(r"[A-Za-z0-9_.~:@,-]*")


class State(StrEnum):
    """Where a job is on its way; `succeeded`, `failed` and `cancelled` are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether a job in this state has come to its end."""
        return self in TERMINAL


TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True, order=True)
class JobReference:
    """A source's name and the parameters that name one job there.

    `job` holds the parameter values in the source's order, each percent-encoded as one URL path segment, joined by
    `/`: `1964`, or `d290f1ee/e3c908ad/fe2ecbvw`. It is one string because a million of them are kept in memory.
    """

    source: str
    job: str

    @classmethod
    def of(cls, source: str, values: Sequence[str]) -> Self:
        """Build a reference from plain parameter values; raises ValueError for one that is unsafe as a path segment."""
        for value in values:
            _check_parameter(value)
        # Nearly always one, and a configuration may have very many.
        return cls(source, _quoted(values[0]) if len(values) == 1 else "/".join(map(_quoted, values)))

    @property
    def key(self) -> str:
        """The readable name used in logs, events and the command line: `nebula-prod/1964`."""
        return f"{self.source}/{self.job}"

    @property
    def values(self) -> tuple[str, ...]:
        """The plain parameter values, in the source's order."""
        return tuple(unquote(part) for part in self.job.split("/"))

    @property
    def shard(self) -> int:
        """The shard of the job, from 0 to 63, the same in every process and every version; replicas lease shards."""
        return crc32(self.key.encode()) % SHARDS


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quote(value, safe=":@,")


def _check_parameter(value: str) -> None:
    if not value:
        raise ValueError("a job parameter must not be empty")
    if len(value) > MAX_PARAMETER_LENGTH:
        raise ValueError(f"a job parameter must not be longer than {MAX_PARAMETER_LENGTH} characters")
    if value in {".", ".."}:
        # Every URL parser folds these away, even percent-encoded, and the request would reach another resource.
        raise ValueError(f"a job parameter must not be {value!r}")
    if not value.isprintable():
        raise ValueError("a job parameter must not hold control characters")


@dataclass(frozen=True, slots=True)
class Task:
    """One step inside a job, where the API shows them; `state` is None for a status that is in no map."""

    id: str
    state: State | None
    native_state: str
    name: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a poll saw of one job; `state` is None for a status that is in no map, the raw word is always kept.

    `group` names the list in which the source finds this job together with others (see `Source.observe_many`).
    """

    state: State | None
    native_state: str
    facts: JobFacts = NO_FACTS
    error: str | None = None
    group: str | None = None
    tasks: tuple[Task, ...] = ()

    def entered_at(self, state: State) -> datetime | None:
        """Return the remote time at which the job (last) entered `state`, where the API tells it."""
        if state is State.QUEUED:
            return self.facts.queued_at
        if state is State.RUNNING:
            return self.facts.started_at
        if state in TERMINAL:
            return self.facts.finished_at
        return None
