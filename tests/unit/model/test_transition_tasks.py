"""What is told of the tasks inside a job."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.model.transition import Step, advance
from jobwatchd.model.watch import Watch
from jobwatchd.testing import START

NOW = START + timedelta(hours=1)
BEGUN = START + timedelta(minutes=10)
ENDED = START + timedelta(minutes=20)


@pytest.mark.parametrize("before", [None, *State])
@pytest.mark.parametrize("after", list(State))
def test_a_task_is_told_when_its_state_changes(
    make_watch: Callable[..., Watch], told: Callable[[Step], list[str]], before: State | None, after: State
) -> None:
    """Every change is told once, back to any state too; only a task found queued is not worth an event."""
    watch = make_watch(State.RUNNING, tasks={} if before is None else {"t1": before})

    step = advance(watch, Observation(State.RUNNING, "1", tasks=(Task("t1", after, "x"),)), NOW)

    worthless = after is before or (before is None and after is State.QUEUED)
    assert told(step) == ([] if worthless else [f"task.{after}"])
    assert step.watch.tasks["t1"] is after
    assert {event.previous_state for event in step.events} <= {before}


def test_a_task_that_ran_unseen_is_told_to_have_run(
    make_watch: Callable[..., Watch], told: Callable[[Step], list[str]]
) -> None:
    """A task seen queued and then ended with a begin time must have run in between."""
    watch = make_watch(State.RUNNING, tasks={"t1": State.QUEUED})
    task = Task("t1", State.SUCCEEDED, "2", "load", BEGUN, ENDED)

    step = advance(watch, Observation(State.RUNNING, "1", tasks=(task,)), NOW)

    assert told(step) == ["task.running?", "task.succeeded"]
    assert [event.occurred_at for event in step.events] == [BEGUN, ENDED]
    assert [event.previous_state for event in step.events] == [State.QUEUED, State.RUNNING]
    assert [event.native_state for event in step.events] == ["2", "2"]
    assert {event.task for event in step.events} == {task}


def test_the_job_begins_before_its_tasks_and_ends_after_them(
    make_watch: Callable[..., Watch], told: Callable[[Step], list[str]]
) -> None:
    """Within one step the order is: the job's way, its tasks, its end."""
    tasks = (Task("t1", State.SUCCEEDED, "2"), Task("t2", State.FAILED, "3"))
    seen = Observation(State.FAILED, "3", JobFacts(started_at=BEGUN, finished_at=ENDED), tasks=tasks)

    step = advance(make_watch(State.QUEUED), seen, NOW)

    assert told(step) == ["job.running?", "task.succeeded", "task.failed", "job.failed"]
    assert [event.sequence for event in step.events] == [1, 2, 3, 4]


def test_a_task_that_began_is_told_with_its_begin_time(make_watch: Callable[..., Watch]) -> None:
    """A running task's event happened when the task says it began, and its end is not known yet."""
    task = Task("t1", State.RUNNING, "1", started_at=BEGUN)

    (event,) = advance(make_watch(State.RUNNING), Observation(State.RUNNING, "1", tasks=(task,)), NOW).events

    assert (event.occurred_at, event.state) == (BEGUN, State.RUNNING)


def test_a_queued_task_is_remembered_though_not_told(make_watch: Callable[..., Watch]) -> None:
    """What is not told is written all the same, or its way from there could not be told later."""
    seen = Observation(State.RUNNING, "1", tasks=(Task("t1", State.QUEUED, "0"),))

    step = advance(make_watch(State.RUNNING, version=3), seen, NOW)

    assert (step.events, step.watch.version, dict(step.watch.tasks)) == ((), 4, {"t1": State.QUEUED})


def test_a_task_that_is_shown_no_more_stays_remembered(make_watch: Callable[..., Watch]) -> None:
    """A list request shows no tasks; they are not told again when the next single request does."""
    watch = make_watch(State.RUNNING, tasks={"t1": State.RUNNING})

    assert advance(watch, Observation(State.RUNNING, "1"), NOW) == Step(watch)


def test_a_task_in_no_map_is_told_as_unmapped(
    make_watch: Callable[..., Watch], told: Callable[[Step], list[str]]
) -> None:
    """An unknown word of a task is told once under the job's new state, and the task keeps its last known state."""
    watch = make_watch(State.QUEUED, tasks={"t1": State.RUNNING})
    seen = Observation(State.RUNNING, "1", tasks=(Task("t1", None, "9"), Task("t2", None, "9")))

    step = advance(watch, seen, NOW)

    assert told(step) == ["job.running", "job.unmapped"]
    assert step.events[1].detail == "status '9' of a task is in no map"
    assert step.events[1].state is State.RUNNING
    assert dict(step.watch.tasks) == {"t1": State.RUNNING}
    assert advance(step.watch, seen, NOW) == Step(step.watch)
