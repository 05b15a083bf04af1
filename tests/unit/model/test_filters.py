"""Which events a sink wants."""

import pytest

from jobwatchd.model.event import Event, EventFilter, EventType
from jobwatchd.testing import START

EVENT = Event("id", EventType.JOB_FAILED, "graph", 1, START, labels={"team": "search", "area": "ci"})


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (EventFilter(), True),
        (EventFilter(types=("job.failed",)), True),
        (EventFilter(types=("job.succeeded",)), False),
        (EventFilter(types=("job.*",)), True),
        (EventFilter(types=("task.*", "*.failed")), True),
        (EventFilter(types=("task.*",)), False),
        (EventFilter(types=("JOB.FAILED",)), False),
        (EventFilter(types=("job",)), False),
        (EventFilter(sources=("graph",)), True),
        (EventFilter(sources=("up", "graph")), True),
        (EventFilter(sources=("up",)), False),
        (EventFilter(sources=("gr*",)), False),
        (EventFilter(labels={"team": "search"}), True),
        (EventFilter(labels={"team": "search", "area": "ci"}), True),
        (EventFilter(labels={"team": "search", "area": "prod"}), False),
        (EventFilter(labels={"owner": "me"}), False),
        (EventFilter(types=("job.*",), sources=("graph",), labels={"team": "search"}), True),
        (EventFilter(types=("job.*",), sources=("up",), labels={"team": "search"}), False),
        (EventFilter(types=("task.*",), sources=("graph",), labels={"team": "search"}), False),
    ],
)
def test_an_event_passes_where_all_that_is_asked_for_fits(wanted: EventFilter, matches: bool) -> None:  # noqa: FBT001
    """Any of the types, any of the sources, and every label; what is not asked for does not matter."""
    assert wanted.matches(EVENT) is matches
