"""When a source is told to be unreachable, and to have recovered."""

from datetime import timedelta

from jobwatchd.model.event import EventType, source_event_id
from jobwatchd.model.health import SourceHealth, mark_recovered, mark_unreachable
from jobwatchd.testing import START

WELL = SourceHealth("graph", START, sequence=4, version=6)
SINCE = START + timedelta(minutes=1)
NOW = START + timedelta(minutes=3)


def test_a_source_is_told_to_be_unreachable_once() -> None:
    """The event carries since when and why; the health remembers that it was told."""
    step = mark_unreachable(WELL, SINCE, NOW, "connection refused")

    assert step is not None
    (event,) = step.events
    assert (event.type, event.source, event.sequence) == (EventType.SOURCE_UNREACHABLE, "graph", 5)
    assert (event.occurred_at, event.observed_at, event.detail) == (SINCE, NOW, "connection refused")
    assert event.id == source_event_id("graph", START, 5)
    assert (event.ref, event.watch_id, event.state, event.subject) == (None, None, None, "graph")
    assert step.health == SourceHealth("graph", START, 5, 7, SINCE)
    assert mark_unreachable(step.health, NOW, NOW, "still refused") is None


def test_a_source_is_told_to_have_recovered_once() -> None:
    """The event says how long it was away, and nothing is left to be told."""
    away = SourceHealth("graph", START, 5, 7, SINCE)

    step = mark_recovered(away, NOW)

    assert step is not None
    (event,) = step.events
    assert (event.type, event.sequence, event.detail) == (EventType.SOURCE_RECOVERED, 6, "answers again after 120 s")
    assert event.id == source_event_id("graph", START, 6)
    assert step.health == SourceHealth("graph", START, 6, 8, None)
    assert mark_recovered(step.health, NOW) is None


def test_a_source_that_was_never_unreachable_does_not_recover() -> None:
    """There is no good news without bad news before."""
    assert mark_recovered(WELL, NOW) is None
