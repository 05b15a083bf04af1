"""Ids that never change, and what an event says about time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobwatchd.model.event import Event, EventType, source_event_id, watch_event_id
from jobwatchd.model.facts import NO_FACTS, JobFacts
from jobwatchd.model.job import JobReference, State
from jobwatchd.model.watch import Watch
from jobwatchd.testing import START

CREATED = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def test_the_id_of_a_watch_event_is_this_one_for_ever(make_watch: Callable[..., Watch]) -> None:
    """Receivers drop duplicates by id: neither the namespace nor the name it hashes may ever change."""
    watch = replace(make_watch(), created_at=CREATED)

    assert watch_event_id(watch, 3) == "23a46e18-bcf9-5a3b-b9e9-f7dea0c4d154"


def test_the_id_of_a_source_event_is_this_one_for_ever() -> None:
    """The same holds for what is told about a source."""
    assert source_event_id("graph", CREATED, 3) == "ac78d94e-ea74-55ca-8adf-c70a6ced2009"


def test_what_a_watch_learns_does_not_change_its_ids(make_watch: Callable[..., Watch]) -> None:
    """State, version, labels: none of them is part of an event's identity."""
    watch = make_watch()
    later = replace(watch, state=State.RUNNING, version=9, sequence=9, labels={}, ended_at=START, lost=True)

    assert watch_event_id(later, 3) == watch_event_id(watch, 3)


@pytest.mark.parametrize(
    "change",
    [
        lambda watch: replace(watch, id=8),
        lambda watch: replace(watch, created_at=START + timedelta(microseconds=1)),
        lambda watch: replace(watch, job="1965"),
        lambda watch: replace(watch, source="other"),
    ],
)
def test_a_watch_that_was_added_again_has_other_ids(
    make_watch: Callable[..., Watch], change: Callable[[Watch], Watch]
) -> None:
    """Another row, another creation, another job: another id, or the receiver would drop the news as known."""
    watch = make_watch()

    assert watch_event_id(change(watch), 1) != watch_event_id(watch, 1)


def test_each_number_has_its_own_id(make_watch: Callable[..., Watch]) -> None:
    """The events of one watch, and those of a source of any name, never share an id."""
    watch = make_watch()
    ids = {watch_event_id(watch, number) for number in range(1, 101)}
    ids |= {source_event_id("graph", START, number) for number in range(1, 101)}

    assert len(ids) == 200


def event(ref: JobReference | None = None, occurred_at: datetime | None = None, facts: JobFacts = NO_FACTS) -> Event:
    """Return an event with these facts."""
    return Event("id", EventType.JOB_FAILED, "graph", 1, START, ref, occurred_at=occurred_at, facts=facts)


def test_events_are_ordered_within_a_job_or_within_a_source() -> None:
    """The subject of a job's event is the job's key, that of a source's event its name."""
    assert event(ref=JobReference.of("graph", ["1964"])).subject == "graph/1964"
    assert event().subject == "graph"


@pytest.mark.parametrize(("occurred_s", "delay_s"), [(None, None), (-2.5, 2.5), (0, 0.0), (60, 0.0)])
def test_the_detection_delay_is_never_negative(occurred_s: float | None, delay_s: float | None) -> None:
    """It is unknown without a remote time, and nothing where the remote clock runs ahead."""
    occurred_at = None if occurred_s is None else START + timedelta(seconds=occurred_s)

    assert event(occurred_at=occurred_at).detection_delay_s == delay_s


@pytest.mark.parametrize(
    ("began_s", "ended_s", "duration_s"),
    [(None, None, None), (0, None, None), (None, 9, None), (1, 9, 8.0), (9, 1, 0.0)],
)
def test_the_duration_needs_both_ends(began_s: float | None, ended_s: float | None, duration_s: float | None) -> None:
    """It is unknown while the job runs, and never negative."""
    began, ended = (None if second is None else START + timedelta(seconds=second) for second in (began_s, ended_s))

    assert event(facts=JobFacts(started_at=began, finished_at=ended)).duration_s == duration_s
