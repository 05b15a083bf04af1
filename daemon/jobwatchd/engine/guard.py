"""The last guard before anything is told or kept: what came from outside, without secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from jobwatchd.model.event import Event
from jobwatchd.model.job import Observation, Task
from jobwatchd.redaction import SECRETS

T = TypeVar("T", Observation, Task, Event)

# Sentences, in which credentials are told by their looks too, and names, in which very short secrets are left alone.
_SENTENCES = frozenset({"error", "detail"})
_NAMES = frozenset({"native_state", "name", "workflow_id", "workflow_name"})
# Looked up once: every answer that is read comes by here.
_TEXTS: Mapping[type[Observation | Task | Event], Sequence[str]] = {
    Observation: [each.name for each in fields(Observation) if each.name in _NAMES | _SENTENCES],
    Task: [each.name for each in fields(Task) if each.name in _NAMES | _SENTENCES | {"id"}],
    Event: [each.name for each in fields(Event) if each.name in _NAMES | _SENTENCES],
}


def guarded(seen: Observation) -> Observation:
    """Return what was seen of a job, its texts redacted; what it is found by in lists stays as it is."""
    tasks = tuple(_redacted(task) for task in seen.tasks)
    return _redacted(seen if tasks == seen.tasks else replace(seen, tasks=tasks))


def guarded_event(event: Event) -> Event:
    """Return an event, its texts redacted."""
    return _redacted(event)


def _redacted(value: T) -> T:
    """Return a value with its texts redacted; itself where there was nothing to do, as nearly always."""
    changed: dict[str, Any] = {}
    for name in _TEXTS[type(value)]:
        if text := getattr(value, name):
            redacted = SECRETS.redact_foreign(text) if name in _SENTENCES else SECRETS.redact_name(text)
            if redacted != text:
                changed[name] = redacted
    return replace(value, **changed) if changed else value
