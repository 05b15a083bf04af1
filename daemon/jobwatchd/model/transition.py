"""What an observation changes: the one place where events come into being.

`advance` is total: every pair of a remembered and an observed state has an outcome. We watch jobs, we do not own them,
so no observed change is ever refused; the unlikely ones are told as what they are.

remembered   observed        told
nothing      any state       job.<state>, unless the watch starts silently
any          the same        nothing
any          unmapped        job.unmapped, once per raw word; the remembered state stays
queued       later state     job.running (inferred) first, when a begin time proves that the job ran in between
not ended    any other       job.<state>
ended, lost  not terminal    job.reopened, job.<state>
ended        other terminal  job.reopened (inferred), job.<state>
lost         terminal        job.reopened, job.<state>

Tasks are told as `task.<state>` by the same rules, except that a task found queued is not worth an event and that a
task may go back to any state without being "reopened". Within one step the order is: the job's way to a state that is
not terminal, its tasks, the job's end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from jobwatchd.model.event import JOB_ENTERED, TASK_ENTERED, Event, EventType, watch_event_id
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.model.watch import Watch

MAX_UNMAPPED_WORDS = 16
MAX_DETAIL_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Step:
    """What a poll led to: the watch as it now is, the events to tell in order, and what was seen.

    `watch.version` is one more than before where there is something to write; where it is unchanged, nothing happened.
    """

    watch: Watch
    events: tuple[Event, ...] = ()
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class _News:
    """An event before it has a number."""

    type: EventType
    state: State | None
    previous: State | None
    occurred_at: datetime | None = None
    inferred: bool = False
    task: Task | None = None
    detail: str | None = None


def advance(watch: Watch, observation: Observation, now: datetime) -> Step:
    """Return what `observation`, made at `now`, changes about `watch`.

    A step whose watch is the one given, unchanged, is nothing new.
    """
    news = [*_job_news(watch, observation), *_unmapped_news(watch, observation)]
    middle = [item for item in news if item.state is None or not item.state.is_terminal]
    end = [item for item in news if item.state is not None and item.state.is_terminal]
    news = [*middle, *_task_news(watch, observation), *end]
    if watch.state is None and watch.policy.silent_start and not watch.lost:
        news = [item for item in news if item.type is EventType.JOB_UNMAPPED]
    ended_at, overdue_at = _ended_at(watch, observation, now), _overdue_at(watch, observation)
    state = observation.state or watch.state
    news += _overdue_news(state, overdue_at, ended_at, now)
    seen = replace(
        watch,
        **_told(watch, news, overdue_at),
        state=state,
        native_state=observation.native_state,
        state_since=_state_since(watch, observation, now),
        tasks=_task_states(watch.tasks, observation.tasks),
        unmapped=_unmapped(watch, observation),
        ended_at=ended_at,
        lost=watch.lost and observation.state is None,
        group=watch.group if observation.group is None else observation.group,
    )
    if not news and _same_memory(watch, seen):
        return Step(watch)
    return Step(seen, _events(seen, news, observation, now), observation)


def mark_overdue(watch: Watch, now: datetime) -> Step:
    """Return the step that tells, once, that the deadline has passed; nothing new where it has not."""
    news = _overdue_news(watch.state, watch.overdue_at, watch.ended_at, now)
    if not news:
        return Step(watch)
    written = replace(watch, **_told(watch, news, watch.overdue_at))
    return Step(written, _events(written, news, None, now))


def mark_lost(watch: Watch, now: datetime, detail: str) -> Step:
    """Return the step that tells that the job stopped existing; nothing new for a watch that has ended."""
    if watch.ended_at is not None:
        return Step(watch)
    news = [_News(EventType.JOB_LOST, watch.state, watch.state, detail=detail)]
    lost = replace(watch, **_told(watch, news, None), lost=True, ended_at=now)
    return Step(lost, _events(lost, news, None, now))


def _job_news(watch: Watch, observation: Observation) -> Iterator[_News]:
    before, after = watch.state, observation.state
    if after is None or (after is before and not watch.lost):
        return
    if watch.ended_at is not None:
        missed = after.is_terminal and not watch.lost
        yield _News(EventType.JOB_REOPENED, None, before, inferred=missed)
    elif _ran_unseen(before, after, observation.facts.started_at):
        yield _News(EventType.JOB_RUNNING, State.RUNNING, before, observation.facts.started_at, inferred=True)
        before = State.RUNNING
    detail = observation.error if after.is_terminal else None
    yield _News(JOB_ENTERED[after], after, before, observation.entered_at(after), detail=detail)


def _task_news(watch: Watch, observation: Observation) -> Iterator[_News]:
    for task in observation.tasks:
        before, after = watch.tasks.get(task.id), task.state
        if after is None or after is before or (before is None and after is State.QUEUED):
            continue
        if _ran_unseen(before, after, task.started_at):
            yield _News(TASK_ENTERED[State.RUNNING], None, before, task.started_at, inferred=True, task=task)
            before = State.RUNNING
        occurred_at = task.started_at if after is State.RUNNING else task.finished_at if after.is_terminal else None
        yield _News(TASK_ENTERED[after], None, before, occurred_at, task=task)


def _ran_unseen(before: State | None, after: State, started_at: datetime | None) -> bool:
    return before is State.QUEUED and after not in {State.QUEUED, State.RUNNING} and started_at is not None


def _unmapped_news(watch: Watch, observation: Observation) -> Iterator[_News]:
    for word in _unmapped_words(observation):
        if word not in watch.unmapped and len(watch.unmapped) < MAX_UNMAPPED_WORDS:
            yield _News(EventType.JOB_UNMAPPED, None, watch.state, detail=f"status {word} is in no map")


def _unmapped_words(observation: Observation) -> list[str]:
    words = [] if observation.state is not None else [repr(observation.native_state)]
    words += [f"{task.native_state!r} of a task" for task in observation.tasks if task.state is None]
    return list(dict.fromkeys(words)) if words else words


def _overdue_news(
    state: State | None, overdue_at: datetime | None, ended_at: datetime | None, now: datetime
) -> list[_News]:
    if overdue_at is None or ended_at is not None or now < overdue_at:
        return []
    detail = f"not ended by its deadline, {overdue_at.isoformat(timespec='seconds')}"
    return [_News(EventType.JOB_OVERDUE, state, state, occurred_at=overdue_at, detail=detail)]


def _has_moved(watch: Watch, observation: Observation) -> bool:
    """Whether the job is in another state than remembered; one that was lost is, wherever it comes back."""
    return observation.state is not None and (observation.state is not watch.state or watch.lost)


def _state_since(watch: Watch, observation: Observation, now: datetime) -> datetime:
    if observation.state is None or not _has_moved(watch, observation):
        return watch.state_since
    since = observation.entered_at(observation.state)
    # A remote clock that runs ahead must not make a state begin in the future: ages would be negative.
    return now if since is None else min(since, now)


def _ended_at(watch: Watch, observation: Observation, now: datetime) -> datetime | None:
    if observation.state is None or not _has_moved(watch, observation):
        return watch.ended_at
    return now if observation.state.is_terminal else None


def _unmapped(watch: Watch, observation: Observation) -> tuple[str, ...]:
    words = [word for word in _unmapped_words(observation) if word not in watch.unmapped]
    return (*watch.unmapped, *words)[:MAX_UNMAPPED_WORDS] if words else watch.unmapped


def _task_states(known: Mapping[str, State], tasks: tuple[Task, ...]) -> Mapping[str, State]:
    news = {task.id: task.state for task in tasks if task.state is not None and known.get(task.id) is not task.state}
    return MappingProxyType({**known, **news}) if news else known


def _overdue_at(watch: Watch, observation: Observation) -> datetime | None:
    """Return when the deadline passes, moved to the job's own creation time once that is known."""
    queued_at = observation.facts.queued_at
    if watch.overdue_at is None or watch.policy.deadline_s is None or queued_at is None:
        return watch.overdue_at
    return min(watch.overdue_at, queued_at + timedelta(seconds=watch.policy.deadline_s))


def _same_memory(before: Watch, after: Watch) -> bool:
    """Whether nothing worth a write changed; the raw word alone is not."""
    return (
        before.state is after.state
        and before.tasks is after.tasks
        and before.lost is after.lost
        and before.group == after.group
        and before.overdue_at == after.overdue_at
    )


def _told(watch: Watch, news: list[_News], overdue_at: datetime | None) -> dict[str, Any]:
    """Return what telling `news` changes about the watch."""
    overdue_told = any(item.type is EventType.JOB_OVERDUE for item in news)
    return {
        "sequence": watch.sequence + len(news),
        "version": watch.version + 1,
        "overdue_at": None if overdue_told else overdue_at,
    }


def _events(watch: Watch, news: list[_News], observation: Observation | None, now: datetime) -> tuple[Event, ...]:
    """Return `news` as events, numbered, the last with the sequence that the watch now has."""
    seen = observation or Observation(watch.state, watch.native_state or "")
    first = watch.sequence - len(news) + 1
    return tuple([_event(watch, item, sequence, seen, now) for sequence, item in enumerate(news, start=first)])


def _event(watch: Watch, news: _News, sequence: int, seen: Observation, now: datetime) -> Event:
    return Event(
        id=watch_event_id(watch, sequence),
        type=news.type,
        source=watch.source,
        sequence=sequence,
        observed_at=now,
        ref=watch.ref,
        watch_id=watch.id,
        state=news.state or watch.state,
        previous_state=news.previous,
        native_state=news.task.native_state if news.task else seen.native_state or None,
        inferred=news.inferred,
        occurred_at=news.occurred_at,
        labels=watch.labels,
        facts=seen.facts,
        task=news.task,
        detail=news.detail[:MAX_DETAIL_LENGTH] if news.detail else None,
    )
