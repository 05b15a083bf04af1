"""The complete table of remembered and observed states."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from jobwatchd.model.event import EventType
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import Observation, State
from jobwatchd.model.transition import Step, advance
from jobwatchd.model.watch import Watch
from jobwatchd.testing import START

NOW = START + timedelta(hours=1)
BEGUN = START + timedelta(minutes=10)

# What is told: "." nothing, "e" the state entered, "i" a run that went unseen and the state entered, "r" reopened and
# the state entered, "m" the same where the reopening itself went unseen.
TABLE = """
remembered      queued running stopping retrying succeeded failed cancelled
nothing         e      e       e        e        e         e      e
queued          .      e       i        i        i         i      i
running         e      .       e        e        e         e      e
stopping        e      e       .        e        e         e      e
retrying        e      e       e        .        e         e      e
succeeded       r      r       r        r        .         m      m
failed          r      r       r        r        m         .      m
cancelled       r      r       r        r        m         m      .
nothing,lost    r      r       r        r        r         r      r
queued,lost     r      r       r        r        r         r      r
running,lost    r      r       r        r        r         r      r
stopping,lost   r      r       r        r        r         r      r
retrying,lost   r      r       r        r        r         r      r
"""
HEAD, *ROWS = (line.split() for line in TABLE.strip().splitlines())
PAIRS = [(row[0], State(column), code) for row in ROWS for column, code in zip(HEAD[1:], row[1:], strict=True)]


def remembered(make_watch: Callable[..., Watch], name: str) -> Watch:
    """Return the watch of a row."""
    state, _, lost = name.partition(",")
    return make_watch(None if state == "nothing" else State(state), lost=bool(lost), native_state="before", sequence=4)


def observed(state: State | None, started_at: datetime | None = None) -> Observation:
    """Return the observation of a column."""
    return Observation(state, "now", JobFacts(started_at=started_at), error="out of memory")


def test_the_table_is_complete() -> None:
    """Every state there is has a row and a column, and every state that can be lost has a row for that."""
    rows = {row[0] for row in ROWS}

    assert set(HEAD[1:]) == set(State)
    assert rows == {"nothing", *State} | {f"{name},lost" for name in ("nothing", *State)} - {
        f"{state},lost" for state in State if state.is_terminal
    }


@pytest.mark.parametrize(("before", "after", "code"), PAIRS)
@pytest.mark.parametrize("started_at", [None, BEGUN])
def test_each_pair_is_told_as_the_table_says(
    make_watch: Callable[..., Watch],
    told: Callable[[Step], list[str]],
    *,
    before: str,
    after: State,
    code: str,
    started_at: datetime | None,
) -> None:
    """Types, order and what is inferred are those of the table; a run is inferred only from a begin time."""
    step = advance(remembered(make_watch, before), observed(after, started_at), NOW)

    first = {".": [], "e": [], "i": ["job.running?"] * bool(started_at), "r": ["job.reopened"], "m": ["job.reopened?"]}
    assert told(step) == first[code] + [f"job.{after}"] * (code != ".")


@pytest.mark.parametrize(("before", "after", "code"), PAIRS)
def test_afterwards_the_observed_state_is_remembered(
    make_watch: Callable[..., Watch], before: str, after: State, code: str
) -> None:
    """The state, its raw word, whether the job has ended and since when are those of the observation."""
    watch = remembered(make_watch, before)

    step = advance(watch, observed(after), NOW)

    if code == ".":
        assert step == Step(watch)
        return
    assert step.observation == observed(after)
    assert (step.watch.state, step.watch.native_state, step.watch.lost) == (after, "now", False)
    assert step.watch.ended_at == (NOW if after.is_terminal else None)
    assert (step.watch.version, step.watch.sequence) == (watch.version + 1, 4 + len(step.events))
    assert [event.sequence for event in step.events] == list(range(5, 5 + len(step.events)))


@pytest.mark.parametrize("before", [row[0] for row in ROWS])
def test_a_word_in_no_map_changes_no_state(
    make_watch: Callable[..., Watch], told: Callable[[Step], list[str]], before: str
) -> None:
    """An unmapped status is told as that and nothing else; what was remembered stays, an end included."""
    watch = remembered(make_watch, before)

    step = advance(watch, observed(None), NOW)

    assert told(step) == ["job.unmapped"]
    assert (step.watch.state, step.watch.lost, step.watch.ended_at) == (watch.state, watch.lost, watch.ended_at)
    assert (step.events[0].state, step.events[0].previous_state) == (watch.state, watch.state)
    assert step.events[0].native_state == "now"


@pytest.mark.parametrize(("before", "after", "code"), [pair for pair in PAIRS if pair[2] != "."])
def test_each_event_names_the_state_before_it(
    make_watch: Callable[..., Watch], before: str, after: State, code: str
) -> None:
    """The last event leads to the observed state, and each one starts where the one before it has led."""
    watch = remembered(make_watch, before)

    *earlier, last = advance(watch, observed(after, BEGUN), NOW).events

    assert last.state is after
    if code == "i":
        assert [(event.state, event.previous_state) for event in earlier] == [(State.RUNNING, State.QUEUED)]
        assert last.previous_state is State.RUNNING
    else:
        assert {event.previous_state for event in (*earlier, last)} == {watch.state}


def test_remote_times_are_the_times_of_the_events(make_watch: Callable[..., Watch]) -> None:
    """An inferred run happened when the job says it began, its end when the job says it ended."""
    finished = BEGUN + timedelta(minutes=5)
    seen = Observation(State.FAILED, "3", JobFacts(started_at=BEGUN, finished_at=finished), error="out of memory")

    ran, ended = advance(make_watch(State.QUEUED), seen, NOW).events

    assert (ran.type, ran.occurred_at, ran.detail) == (EventType.JOB_RUNNING, BEGUN, None)
    assert (ended.type, ended.occurred_at, ended.detail) == (EventType.JOB_FAILED, finished, "out of memory")
    assert (ended.duration_s, ended.detection_delay_s) == (300.0, 2700.0)


def test_an_event_says_what_was_seen_of_the_job(make_watch: Callable[..., Watch]) -> None:
    """The job's facts and the watch's labels travel with every event."""
    facts = JobFacts("pagerank", "12", "nightly", 50.0, queued_at=START, started_at=BEGUN)
    seen = Observation(State.RUNNING, "1", facts)

    (event,) = advance(make_watch(State.QUEUED), seen, NOW).events

    assert event.facts == facts
    assert (event.source, event.watch_id, event.labels) == ("graph", 7, {"team": "search"})
    assert event.observed_at == NOW


def test_a_long_error_is_cut(make_watch: Callable[..., Watch]) -> None:
    """A stack trace of a megabyte does not become an event of a megabyte."""
    seen = Observation(State.FAILED, "3", error="x" * 1_000_000)

    (event,) = advance(make_watch(State.RUNNING), seen, NOW).events

    assert event.detail == "x" * 2_000


@pytest.mark.parametrize(("started_at", "since"), [(None, NOW), (BEGUN, BEGUN), (NOW + timedelta(hours=9), NOW)])
def test_a_state_is_as_old_as_the_job_says_but_never_begins_in_the_future(
    make_watch: Callable[..., Watch], started_at: datetime | None, since: datetime
) -> None:
    """The remote time is taken where there is one; a remote clock that runs ahead does not make ages negative."""
    step = advance(make_watch(State.QUEUED), observed(State.RUNNING, started_at), NOW)

    assert step.watch.state_since == since
