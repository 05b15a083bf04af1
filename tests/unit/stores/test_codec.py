"""Nothing is lost between the model and what a database keeps."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwatchd.errors import StoreUnusable
from jobwatchd.model.event import Event, EventType
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import JobReference, Observation, State, Task
from jobwatchd.model.watch import Policy
from jobwatchd.stores import rows
from jobwatchd.stores.codec import (
    decode_event,
    decode_observation,
    encode_event,
    encode_mapping,
    encode_observation,
    encode_policy,
    from_micros,
    to_micros,
)

TEXT = st.text(max_size=20)
INSTANTS = st.datetimes(timezones=st.just(UTC))
MAYBE_TEXT = st.none() | TEXT
MAYBE_INSTANT = st.none() | INSTANTS
MAYBE_STATE = st.none() | st.sampled_from(State)
MAYBE_PERCENT = st.none() | st.floats(0, 100)
LABELS = st.dictionaries(TEXT, TEXT, max_size=3)
TASKS = st.builds(Task, TEXT, MAYBE_STATE, TEXT, MAYBE_TEXT, MAYBE_INSTANT, MAYBE_INSTANT)
SECONDS = st.none() | st.floats(0, allow_nan=False, allow_infinity=False)
FACTS = st.builds(
    JobFacts,
    name=MAYBE_TEXT,
    workflow_id=MAYBE_TEXT,
    workflow_name=MAYBE_TEXT,
    progress=MAYBE_PERCENT,
    queued_at=MAYBE_INSTANT,
    started_at=MAYBE_INSTANT,
    finished_at=MAYBE_INSTANT,
    url=MAYBE_TEXT,
)
OBSERVATIONS = st.builds(
    Observation,
    MAYBE_STATE,
    TEXT,
    error=MAYBE_TEXT,
    group=MAYBE_TEXT,
    facts=FACTS,
    tasks=st.lists(TASKS, max_size=3).map(tuple),
)
EVENTS = st.builds(
    Event,
    id=TEXT,
    type=st.sampled_from(EventType),
    source=st.just("graph"),
    sequence=st.integers(1, 2**53),
    observed_at=INSTANTS,
    ref=st.none() | st.builds(JobReference, st.just("graph"), TEXT),
    watch_id=st.none() | st.integers(1, 2**53),
    state=MAYBE_STATE,
    previous_state=MAYBE_STATE,
    native_state=MAYBE_TEXT,
    inferred=st.booleans(),
    occurred_at=MAYBE_INSTANT,
    labels=LABELS,
    task=st.none() | TASKS,
    detail=MAYBE_TEXT,
    facts=FACTS,
)


@given(INSTANTS)
def test_instants_keep_their_microseconds(at: datetime) -> None:
    """From the year 1 to the year 9999."""
    assert from_micros(to_micros(at)) == at
    assert from_micros(to_micros(at)).tzinfo is UTC


def test_instants_of_other_zones_become_utc() -> None:
    """They are the same instants."""
    at = datetime(2026, 3, 1, 13, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))
    assert from_micros(to_micros(at)).isoformat() == "2026-03-01T12:00:00.000001+00:00"


def test_an_instant_without_zone_is_refused() -> None:
    """Guessing one would shift it by hours."""
    with pytest.raises(TypeError):
        to_micros(datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


@given(EVENTS)
def test_events_come_back_as_they_were(event: Event) -> None:
    """From their columns and their body."""
    back = decode_event(
        encode_event(event),
        event_id=event.id,
        watch_id=event.watch_id,
        source=event.source,
        type_=event.type.value,
        observed_at=to_micros(event.observed_at),
    )
    assert back == event


@given(OBSERVATIONS)
def test_observations_come_back_as_they_were(observation: Observation) -> None:
    """Tasks of unknown states included."""
    assert decode_observation(encode_observation(observation)) == observation


@given(LABELS)
def test_labels_come_back_as_they_were(labels: dict[str, str]) -> None:
    """No labels are kept as nothing at all."""
    text = encode_mapping(labels)
    assert (rows._mapping(text) if text is not None else {}) == labels


def test_equal_labels_are_equal_text() -> None:
    """Whatever their order: they are shared in memory and searched for by text."""
    assert encode_mapping({"b": "1", "a": "2"}) == encode_mapping({"a": "2", "b": "1"})


@given(st.builds(Policy, SECONDS, SECONDS, SECONDS, st.booleans()))
def test_policies_come_back_as_they_were(policy: Policy) -> None:
    """One that departs in nothing is kept as nothing at all."""
    text = encode_policy(policy)
    assert (rows._policy(text) if text is not None else Policy()) == policy


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', '{"state":"dreaming","native_state":"x"}', '{"shape":1}'])
def test_an_unreadable_observation_is_said_to_be_so(body: str) -> None:
    """It may be damage, or the words of another version; it is never half an observation."""
    with pytest.raises(StoreUnusable, match="a stored observation cannot be read"):
        decode_observation(body)
