"""Silent starts, unknown words, deadlines, and jobs that stop existing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.model.transition import MAX_UNMAPPED_WORDS, Step, advance, mark_lost, mark_overdue
from jobwatchd.model.watch import Policy, Watch
from jobwatchd.testing import START

NOW = START + timedelta(hours=1)
SILENT = Policy(silent_start=True)
QUEUED, RUNNING, DONE = (Observation(state, state) for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED))
MakeWatch = Callable[..., Watch]
Told = Callable[[Step], list[str]]


@pytest.mark.parametrize("state", list(State))
def test_a_silent_start_remembers_and_tells_nothing(make_watch: MakeWatch, state: State) -> None:
    """The state in which the job is found, and its tasks, are written without an event."""
    seen = Observation(state, "x", tasks=(Task("t1", State.RUNNING, "1"),))

    step = advance(make_watch(policy=SILENT), seen, NOW)

    assert (step.events, step.watch.state, step.watch.version, step.watch.sequence) == ((), state, 1, 0)
    assert dict(step.watch.tasks) == {"t1": State.RUNNING}


def test_a_silent_start_is_silent_once(make_watch: MakeWatch, told: Told) -> None:
    """From the second state on everything is told."""
    found = advance(make_watch(policy=SILENT), QUEUED, NOW).watch

    assert told(advance(found, RUNNING, NOW)) == ["job.running"]


def test_even_a_silent_start_tells_of_an_unknown_word(make_watch: MakeWatch, told: Told) -> None:
    """That the map has a hole is no news about the job, and a person must learn of it."""
    assert told(advance(make_watch(policy=SILENT), Observation(None, "9"), NOW)) == ["job.unmapped"]


def test_a_silent_start_ends_with_the_first_word_that_was_told(make_watch: MakeWatch, told: Told) -> None:
    """A job that was told to be lost before it was ever seen is told to be back."""
    lost = mark_lost(make_watch(policy=SILENT), NOW, "gone").watch

    assert told(advance(lost, RUNNING, NOW)) == ["job.reopened", "job.running"]


def test_an_unknown_word_is_told_once(make_watch: MakeWatch, told: Told) -> None:
    """The raw word is in the sentence; the same word again is nothing new, another one is."""
    first = advance(make_watch(State.RUNNING), Observation(None, "9"), NOW)

    assert (told(first), first.events[0].detail) == (["job.unmapped"], "status '9' is in no map")
    assert advance(first.watch, Observation(None, "9"), NOW) == Step(first.watch)
    assert told(advance(first.watch, Observation(None, "10"), NOW)) == ["job.unmapped"]


def test_an_unknown_word_stays_told_while_the_job_moves_on(make_watch: MakeWatch, told: Told) -> None:
    """A job that flickers between a known and an unknown word does not flood anybody."""
    watch = advance(make_watch(State.QUEUED), Observation(None, "9"), NOW).watch
    watch = advance(watch, RUNNING, NOW).watch

    assert told(advance(watch, Observation(None, "9"), NOW)) == []


def test_unknown_words_are_remembered_up_to_a_bound(make_watch: MakeWatch) -> None:
    """An API that answers something new each time neither fills the memory nor floods anybody."""
    watch, events = make_watch(State.RUNNING), 0
    for number in range(3 * MAX_UNMAPPED_WORDS):
        step = advance(watch, Observation(None, str(number)), NOW)
        watch, events = step.watch, events + len(step.events)

    assert (events, len(watch.unmapped), watch.version) == (MAX_UNMAPPED_WORDS,) * 3


def test_a_passed_deadline_is_told_once(make_watch: MakeWatch, told: Told) -> None:
    """Overdue comes with the first look at or after the deadline, under the job's state, and never again."""
    watch = make_watch(State.RUNNING, Policy(deadline_s=60), overdue_at=NOW)

    assert advance(watch, RUNNING, NOW - timedelta(microseconds=1)) == Step(watch)
    step = advance(watch, RUNNING, NOW)

    assert (told(step), step.events[0].occurred_at, step.events[0].state) == (["job.overdue"], NOW, State.RUNNING)
    assert step.events[0].previous_state is State.RUNNING
    assert step.watch.overdue_at is None
    assert advance(step.watch, RUNNING, NOW + timedelta(days=9)) == Step(step.watch)


def test_a_deadline_passes_without_a_new_answer_too(make_watch: MakeWatch, told: Told) -> None:
    """Where the answer is the same as last time the deadline alone makes a step, once."""
    watch = make_watch(State.RUNNING, overdue_at=NOW, version=2, sequence=5)

    assert mark_overdue(watch, NOW - timedelta(seconds=1)) == Step(watch)
    step = mark_overdue(watch, NOW)

    assert (told(step), step.watch.version, step.events[0].sequence) == (["job.overdue"], 3, 6)
    assert mark_overdue(step.watch, NOW) == Step(step.watch)


def test_a_job_that_ended_is_not_overdue(make_watch: MakeWatch, told: Told) -> None:
    """An end seen after the deadline is told as the end alone."""
    step = advance(make_watch(State.RUNNING, overdue_at=START), DONE, NOW)

    assert told(step) == ["job.succeeded"]
    assert mark_overdue(step.watch, NOW) == Step(step.watch)


def test_a_deadline_counts_from_the_creation_of_the_job(make_watch: MakeWatch) -> None:
    """Once the API tells when the job was made, the deadline moves there, and that is written."""
    policy = Policy(deadline_s=7200)
    watch = make_watch(State.QUEUED, policy, overdue_at=START + timedelta(seconds=7200))
    made_at = START - timedelta(seconds=100)

    step = advance(watch, Observation(State.QUEUED, "0", JobFacts(queued_at=made_at)), START)

    assert (step.events, step.watch.version) == ((), 1)
    assert step.watch.overdue_at == made_at + timedelta(seconds=7200)


def test_a_job_queued_anew_gets_no_longer_time(make_watch: MakeWatch) -> None:
    """A later creation time, as a retry may bring, does not put the deadline off."""
    watch = make_watch(State.QUEUED, Policy(deadline_s=60), overdue_at=NOW)

    assert advance(watch, Observation(State.QUEUED, "0", JobFacts(queued_at=NOW)), START) == Step(watch)


def test_a_job_found_long_overdue_is_told_at_once(make_watch: MakeWatch, told: Told) -> None:
    """State first, then overdue, in one step."""
    watch = make_watch(policy=Policy(deadline_s=60), overdue_at=NOW + timedelta(seconds=60))

    step = advance(watch, Observation(State.RUNNING, "1", JobFacts(queued_at=START)), NOW)

    assert told(step) == ["job.running", "job.overdue"]
    assert (step.events[1].state, step.events[1].previous_state) == (State.RUNNING, State.RUNNING)


def test_a_lost_job_is_told_under_the_state_it_was_last_seen_in(make_watch: MakeWatch, told: Told) -> None:
    """Lost is no state and never failed; it ends the watch, and with it the deadline."""
    watch = make_watch(State.RUNNING, native_state="1", overdue_at=START)

    step = mark_lost(watch, NOW, "not found 3 times over 61 s")

    (event,) = step.events
    assert (told(step), event.state, event.previous_state) == (["job.lost"], State.RUNNING, State.RUNNING)
    assert (event.native_state, event.detail) == ("1", "not found 3 times over 61 s")
    assert (step.watch.lost, step.watch.ended_at, step.watch.overdue_at) == (True, NOW, None)
    assert (step.watch.version, step.observation) == (1, None)


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_a_job_that_ended_cannot_be_lost(make_watch: MakeWatch, state: State) -> None:
    """APIs forget finished jobs; that changes nothing about how they ended."""
    watch = make_watch(state)

    assert mark_lost(watch, NOW, "gone") == Step(watch)


def test_a_lost_job_is_lost_once(make_watch: MakeWatch) -> None:
    """More not-founds after that are nothing new."""
    lost = mark_lost(make_watch(State.RUNNING), NOW, "gone").watch

    assert mark_lost(lost, NOW, "gone") == Step(lost)


def test_a_job_that_comes_back_in_the_same_state_is_reopened(make_watch: MakeWatch, told: Told) -> None:
    """Lost and found again, running as before: both is told, and the watch goes on."""
    lost = mark_lost(make_watch(State.RUNNING), NOW, "gone").watch

    step = advance(lost, RUNNING, NOW)

    assert told(step) == ["job.reopened", "job.running"]
    assert (step.watch.lost, step.watch.ended_at) == (False, None)


def test_a_change_of_the_list_a_job_is_in_is_written_without_an_event(make_watch: MakeWatch) -> None:
    """The group is remembered for list polls; an answer that names none does not unlearn it."""
    step = advance(make_watch(State.RUNNING), Observation(State.RUNNING, "1", group="12"), NOW)

    assert (step.events, step.watch.version, step.watch.group) == ((), 1, "12")
    assert advance(step.watch, RUNNING, NOW) == Step(step.watch)


def test_another_raw_word_for_the_same_state_is_not_worth_a_write(make_watch: MakeWatch) -> None:
    """What changes nothing that is told or decided on writes nothing."""
    watch = make_watch(State.RUNNING, native_state="running")

    assert advance(watch, Observation(State.RUNNING, "in-process", JobFacts(progress=40.0)), NOW) == Step(watch)
