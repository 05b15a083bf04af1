"""The last guard before anything is told or kept: what came from outside, without secrets."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from jobwatchd.model.event import Event
from jobwatchd.model.facts import NAMES, TEXTS, JobFacts
from jobwatchd.model.job import Observation, Task
from jobwatchd.redaction import SECRETS

T = TypeVar("T", Observation, JobFacts, Task, Event)

# Names, in which very short secrets are left alone; in all other texts credentials are told by their looks too.
_NAMES = NAMES | {"id", "native_state"}
_OF_OBSERVATIONS = ("native_state", "error")
_OF_TASKS = ("id", "native_state", "name")
_OF_EVENTS = ("native_state", "detail")


def guarded(seen: Observation) -> Observation:
    """Return what was seen of a job, its texts redacted; what it is found by in lists stays as it is."""
    facts = _redacted(seen.facts, TEXTS)
    tasks = tuple(_redacted(task, _OF_TASKS) for task in seen.tasks)
    same = facts is seen.facts and tasks == seen.tasks
    return _redacted(seen if same else replace(seen, facts=facts, tasks=tasks), _OF_OBSERVATIONS)


def guarded_event(event: Event) -> Event:
    """Return an event, its texts redacted."""
    facts = _redacted(event.facts, TEXTS)
    return _redacted(event if facts is event.facts else replace(event, facts=facts), _OF_EVENTS)


def _redacted(value: T, texts: Iterable[str]) -> T:
    """Return a value with these texts of it redacted; itself where there was nothing to do, as nearly always."""
    changed: dict[str, Any] = {}
    for name in texts:
        text = getattr(value, name)
        if text:
            redacted = SECRETS.redact_name(text) if name in _NAMES else SECRETS.redact_foreign(text)
            if redacted != text:
                changed[name] = redacted
    return replace(value, **changed) if changed else value
