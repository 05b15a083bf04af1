"""Instants, events and observations to and from what a database keeps, without losing anything.

Absent fields are left out of the JSON, so a version that adds a field can read what older ones wrote.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from jobwatchd.errors import StoreUnusable
from jobwatchd.model.event import Event, EventType
from jobwatchd.model.facts import FACTS, INSTANTS, NO_FACTS, JobFacts
from jobwatchd.model.job import JobReference, Observation, State, Task
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, Policy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FACTS_PLAIN = tuple(name for name in FACTS if name not in INSTANTS)
_EVENT_PLAIN = ("state", "previous_state", "native_state", "detail")
_EVENT_INSTANTS = ("occurred_at",)
_EVENT_STATES = ("state", "previous_state")
_SEEN_PLAIN = ("state", "native_state", "error", "group")
_TASK_PLAIN = ("id", "state", "native_state", "name")
_TASK_INSTANTS = ("started_at", "finished_at")
_POLICY_FIELDS = tuple(field.name for field in fields(Policy))


def to_micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970; raises TypeError for a naive one."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(micros: int) -> datetime:
    """Return the instant, aware, in UTC."""
    return _EPOCH + timedelta(0, 0, micros)


def optional_micros(at: datetime | None) -> int | None:
    """Return `to_micros` of an instant, None for none."""
    return None if at is None else to_micros(at)


def optional_instant(micros: int | None) -> datetime | None:
    """Return `from_micros` of a number, None for none."""
    return None if micros is None else from_micros(micros)


def encode_mapping(mapping: Mapping[str, str]) -> str | None:
    """Return labels or task states as JSON with sorted keys, None for none."""
    return orjson.dumps(dict(mapping), option=orjson.OPT_SORT_KEYS).decode() if mapping else None


def encode_words(words: tuple[str, ...]) -> str | None:
    """Return words as a JSON array, None for none."""
    return orjson.dumps(words).decode() if words else None


@lru_cache(maxsize=1_024)  # most watches share a few
def encode_policy(policy: Policy) -> str | None:
    """Return what departs from the defaults as JSON, None for nothing."""
    departs = {name: getattr(policy, name) for name in _POLICY_FIELDS}
    departs = {name: value for name, value in departs.items() if value != getattr(DEFAULT_POLICY, name)}
    return orjson.dumps(departs).decode() if departs else None


def encode_event(event: Event) -> str:
    """Return the JSON body of an event: all but what has a column (id, source, type, watch_id, observed_at)."""
    body = _encoded(event, _EVENT_PLAIN, _EVENT_INSTANTS) | _encoded(event.facts, _FACTS_PLAIN, INSTANTS)
    body["sequence"] = event.sequence
    if event.ref is not None:
        body["job"] = event.ref.job
    if event.inferred:
        body["inferred"] = True
    if event.labels:
        body["labels"] = dict(event.labels)
    if event.task is not None:
        body["task"] = _encoded(event.task, _TASK_PLAIN, _TASK_INSTANTS)
    return orjson.dumps(body).decode()


def decode_event(body: str, *, event_id: str, watch_id: int | None, source: str, type_: str, observed_at: int) -> Event:
    """Return the event with this body and these columns; raises `StoreUnusable` where they make no event."""
    with _readable("event"):
        rest: dict[str, Any] = orjson.loads(body)
        job = rest.pop("job", None)
        task = rest.pop("task", None)
        facts = _taken_facts(rest)
        _decode(rest, _EVENT_STATES, _EVENT_INSTANTS)
        return Event(
            id=event_id,
            type=EventType(type_),
            source=source,
            observed_at=from_micros(observed_at),
            ref=None if job is None else JobReference(source, job),
            watch_id=watch_id,
            task=None if task is None else _decode_task(task),
            labels=rest.pop("labels", NO_LABELS),
            facts=facts,
            **rest,
        )


def encode_observation(observation: Observation) -> str:
    """Return an observation as JSON."""
    body = _encoded(observation, _SEEN_PLAIN, ()) | _encoded(observation.facts, _FACTS_PLAIN, INSTANTS)
    if observation.tasks:
        body["tasks"] = [_encoded(task, _TASK_PLAIN, _TASK_INSTANTS) for task in observation.tasks]
    return orjson.dumps(body).decode()


def decode_observation(body: str) -> Observation:
    """Return the observation in this JSON; raises `StoreUnusable` where there is none."""
    with _readable("observation"):
        rest: dict[str, Any] = orjson.loads(body)
        tasks = tuple(_decode_task(task) for task in rest.pop("tasks", ()))
        facts = _taken_facts(rest)
        _decode(rest, ("state",), ())
        return Observation(**{"state": None, **rest}, facts=facts, tasks=tasks)


@contextmanager
def _readable(noun: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
        raise StoreUnusable(
            f"a stored {noun} cannot be read: it was damaged, or written by another version ({exc})"
        ) from exc


def _encoded(value: object, plain: tuple[str, ...], instants: tuple[str, ...]) -> dict[str, Any]:
    body = {}
    for name in plain:
        fact = getattr(value, name)
        if fact is not None:
            body[name] = fact
    for name in instants:
        at = getattr(value, name)
        if at is not None:
            body[name] = to_micros(at)
    return body


def _decode(facts: dict[str, Any], states: tuple[str, ...], instants: tuple[str, ...]) -> None:
    for name in states:
        if name in facts:
            facts[name] = State(facts[name])
    for name in instants:
        if name in facts:
            facts[name] = from_micros(facts[name])


def _taken_facts(body: dict[str, Any]) -> JobFacts:
    """Take the job's facts out of a body, in which they stand among the rest."""
    taken = {name: body.pop(name) for name in FACTS if name in body}
    _decode(taken, (), INSTANTS)
    return JobFacts(**taken) if taken else NO_FACTS


def _decode_task(facts: dict[str, Any]) -> Task:
    _decode(facts, ("state",), _TASK_INSTANTS)
    return Task(**{"state": None, **facts})
