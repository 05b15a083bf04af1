"""An event as plain JSON values: the documented shape that webhooks and the log share.

Every key is always there, null where unknown:

source            name of the source
job               the job's parameter values, a list in the source's order; null for events of a source
key               the job's readable name, `<source>/<values, percent-encoded>`; null for events of a source
watch_id          number of the watch; null for events of a source
sequence          number of the event within its watch (or source), from 1
state             where the job is now; null for events of a source
previous_state    where it (or, for task events, the task) was before
native_state      the API's own word for it
inferred          true for a state that was not seen, but must have been passed
occurred_at       the remote system's own time of it
observed_at       when jobwatchd saw it
detection_delay_s seconds between the two
duration_s        seconds that the job ran, by its own times
labels            the watch's labels
name, …           the job's facts, as `model.facts.facts_json` tells them
task              {id, name, state, native_state, started_at, finished_at} for task events
detail            one sentence for a person, such as the job's error text
truncated         names of the fields that were cut or left out to stay within bounds, usually empty

Instants are ISO 8601 in UTC, ending in `Z`. Texts from outside are bounded by the bytes they take in ASCII JSON, so
that the whole stays far below the 20 kB that receivers must accept: a text that is too long ends in `…`, a label that
no longer fits is left out, a job whose values are too long is null and its key ends in a digest. The result depends
on nothing but the event.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from hashlib import sha256
from itertools import accumulate
from json import dumps
from typing import Any

from jobwatchd.model.event import Event
from jobwatchd.model.facts import ID_BYTES, NAME_BYTES, facts_json, instant
from jobwatchd.model.job import Task

KEY_BYTES = 1_600
DETAIL_BYTES = 4_000
LABELS_BYTES = 4_000
# What a character takes in JSON at most: those beyond the basic plane become two escapes, such as \ud83d\ude00.
CHARACTER_BYTES = 12


# Sinks that keep up with each other tell of the same events; this many are remembered for them.
@lru_cache(maxsize=256)
def event_data(event: Event) -> dict[str, Any]:
    """Return the documented shape of `event`, less than 17 kB of JSON; others may have it too, so it is not changed."""
    cut: list[str] = []
    data = {
        "source": bounded_key(event.source, ID_BYTES),
        **_job(event, cut),
        "watch_id": event.watch_id,
        "sequence": event.sequence,
        "state": event.state,
        "previous_state": event.previous_state,
        "native_state": _bounded(event.native_state, ID_BYTES, "native_state", cut),
        "inferred": event.inferred,
        "occurred_at": instant(event.occurred_at),
        "observed_at": instant(event.observed_at),
        "detection_delay_s": event.detection_delay_s,
        "duration_s": event.duration_s,
        "labels": _labels(event.labels, cut),
        **facts_json(event.facts, partial(_bounded, cut=cut)),
        "task": None if event.task is None else _task(event.task, cut),
        "detail": _bounded(event.detail, DETAIL_BYTES, "detail", cut),
    }
    return {**data, "truncated": cut}


def bounded_key(key: str, limit: int = KEY_BYTES) -> str:
    """Return a key that takes at most `limit` bytes in JSON; a longer one ends in a digest, so it stays unique."""
    if _fits(key, limit):
        return key
    digest = sha256(key.encode()).hexdigest()[:32]
    return f"{_shortened(key, limit - len(digest))}{digest}"


def _job(event: Event, cut: list[str]) -> dict[str, Any]:
    if event.ref is None:
        return {"job": None, "key": None}
    key = bounded_key(event.ref.key)
    if key != event.ref.key:
        cut.append("key")
    values = list(event.ref.values)
    if sum(_size(value) + 4 for value in values) <= KEY_BYTES:
        return {"job": values, "key": key}
    cut.append("job")
    return {"job": None, "key": key}


def _labels(labels: Mapping[str, str], cut: list[str]) -> dict[str, str]:
    # Sorted, because a store may give them back in another order.
    ordered = sorted(labels.items())
    sizes = accumulate(_size(name) + _size(value) + 8 for name, value in ordered)
    kept = {name: value for (name, value), size in zip(ordered, sizes, strict=True) if size <= LABELS_BYTES}
    if len(kept) < len(ordered):
        cut.append("labels")
    return kept


def _task(task: Task, cut: list[str]) -> dict[str, Any]:
    return {
        "id": _bounded(task.id, ID_BYTES, "task.id", cut),
        "name": _bounded(task.name, NAME_BYTES, "task.name", cut),
        "state": task.state,
        "native_state": _bounded(task.native_state, ID_BYTES, "task.native_state", cut),
        "started_at": instant(task.started_at),
        "finished_at": instant(task.finished_at),
    }


def _bounded(text: str | None, limit: int, name: str, cut: list[str]) -> str | None:
    if text is None or _fits(text, limit):
        return text
    cut.append(name)
    return _shortened(text, limit)


def _shortened(text: str, limit: int) -> str:
    """Return the longest beginning of `text` that, with an ellipsis, takes at most `limit` bytes in JSON."""
    room = limit - _size("…")
    kept = sum(1 for size in accumulate(map(_size, text)) if size <= room)
    return f"{text[:kept]}…"


def _fits(text: str, limit: int) -> bool:
    # Most texts are so short that nothing has to be encoded to know.
    return len(text) * CHARACTER_BYTES <= limit or _size(text) <= limit


def _size(text: str) -> int:
    """Return how many bytes `text` takes in JSON, without its quotes; all but ASCII is escaped there."""
    return len(dumps(text)) - 2
