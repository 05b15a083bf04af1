"""Rows of the watches table to and from the model.

A million watches are kept in memory, so what is equal is shared: `WatchReader` makes one object for each distinct
text of labels, policy and tasks, and for each word.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

import orjson
from sqlalchemy import Row

from jobwatchd.errors import StoreUnusable
from jobwatchd.model.job import State
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, NO_TASKS, Origin, Policy, Watch, WatchRecord, WatchSpec
from jobwatchd.stores.codec import (
    decode_observation,
    encode_mapping,
    encode_observation,
    encode_policy,
    encode_words,
    from_micros,
    optional_instant,
    optional_micros,
    to_micros,
)
from jobwatchd.stores.schema import watches

T = TypeVar("T")

# In the order in which `WatchReader.watch` unpacks them.
WATCH_COLUMNS = (
    watches.c.id,
    watches.c.source,
    watches.c.job,
    watches.c.origin,
    watches.c.labels,
    watches.c.policy,
    watches.c.created_at,
    watches.c.state_since,
    watches.c.state,
    watches.c.native_state,
    watches.c.sequence,
    watches.c.version,
    watches.c.tasks,
    watches.c.unmapped,
    watches.c.overdue_at,
    watches.c.ended_at,
    watches.c.lost,
    watches.c.list_group,
)
_STATES: Mapping[str | None, State | None] = {None: None, **{state.value: state for state in State}}
_ORIGINS = {origin.value: origin for origin in Origin}


class WatchReader:
    """Makes watches out of rows and shares what is equal between them; one is used for one reading of the table."""

    def __init__(self) -> None:
        self._labels: dict[str, Mapping[str, str]] = {}
        self._policies: dict[str, Policy] = {}
        self._tasks: dict[str, Mapping[str, State]] = {}
        self._unmapped: dict[str, tuple[str, ...]] = {}
        # Watches that were added together stand side by side.
        self._created = (0, from_micros(0))

    def watch(self, row: Row[*tuple[Any, ...]]) -> Watch:
        """Return the watch in a row that begins with `WATCH_COLUMNS`; raises `StoreUnusable` where there is none."""
        try:
            return self._watch(row)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
            raise StoreUnusable(
                f"the stored watch {row[0]} cannot be read: it was damaged, or written by another version ({exc})"
            ) from exc

    def record(self, row: Row[*tuple[Any, ...]]) -> WatchRecord:
        """Return the watch and its last observation from a row of `WATCH_COLUMNS` and the observation."""
        seen = row[len(WATCH_COLUMNS)]
        return WatchRecord(self.watch(row), None if seen is None else decode_observation(seen))

    def _watch(self, row: Row[*tuple[Any, ...]]) -> Watch:
        # By position: this runs once for each watch at every start.
        watch_id, source, job, origin, labels, policy, created_at, state_since, state, native_state = row[:10]
        sequence, version, tasks, unmapped, overdue_at, ended_at, lost, group = row[10 : len(WATCH_COLUMNS)]
        if created_at != self._created[0]:
            self._created = (created_at, from_micros(created_at))
        created = self._created[1]
        return Watch(
            watch_id,
            sys.intern(source),
            job,
            created,
            created if state_since == created_at else from_micros(state_since),
            _shared(self._labels, labels, NO_LABELS, _mapping),
            _shared(self._policies, policy, DEFAULT_POLICY, _policy),
            _ORIGINS[origin],
            _STATES[state],
            None if native_state is None else sys.intern(native_state),
            sequence,
            version,
            _shared(self._tasks, tasks, NO_TASKS, _task_states),
            _shared(self._unmapped, unmapped, (), _words),
            optional_instant(overdue_at),
            optional_instant(ended_at),
            lost,
            None if group is None else sys.intern(group),
        )


def new_watch_row(spec: WatchSpec, now: datetime) -> dict[str, object]:
    """Return the row of a watch that does not exist yet, without its id."""
    watch = Watch.create(0, spec, now)
    return {
        "source": spec.ref.source,
        "job": spec.ref.job,
        "shard": spec.ref.shard,
        "origin": spec.origin.value,
        "labels": encode_mapping(spec.labels),
        "policy": encode_policy(spec.policy),
        "created_at": to_micros(watch.created_at),
        "state_since": to_micros(watch.state_since),
        "sequence": watch.sequence,
        "version": watch.version,
        "overdue_at": optional_micros(watch.overdue_at),
        "lost": watch.lost,
    }


def step_row(step: Step) -> dict[str, object]:
    """Return what a step changes in the row of its watch, and `watch_id` and `expected` for the compare-and-set."""
    watch = step.watch
    return {
        "watch_id": watch.id,
        "expected": watch.version - 1,
        "seen": None if step.observation is None else encode_observation(step.observation),
        "state": None if watch.state is None else watch.state.value,
        "native_state": watch.native_state,
        "state_since": to_micros(watch.state_since),
        "sequence": watch.sequence,
        "version": watch.version,
        "tasks": encode_mapping(watch.tasks),
        "unmapped": encode_words(watch.unmapped),
        "overdue_at": optional_micros(watch.overdue_at),
        "ended_at": optional_micros(watch.ended_at),
        "lost": watch.lost,
        "list_group": watch.group,
    }


def _shared(known: dict[str, T], text: str | None, none: T, make: Callable[[str], T]) -> T:
    if text is None:
        return none
    made = known.get(text)
    if made is None:
        made = known[text] = make(text)
    return made


def _mapping(text: str) -> Mapping[str, str]:
    return MappingProxyType({sys.intern(name): sys.intern(value) for name, value in orjson.loads(text).items()})


def _task_states(text: str) -> Mapping[str, State]:
    return MappingProxyType({sys.intern(name): State(value) for name, value in orjson.loads(text).items()})


def _policy(text: str) -> Policy:
    return Policy(**orjson.loads(text))


def _words(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))
