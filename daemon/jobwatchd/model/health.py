"""What is remembered of a source as a whole: whether its being unreachable was told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jobwatchd.model.event import Event, EventType, source_event_id


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source's health; `unreachable_since` is when the failures began that were told, None while all is well."""

    name: str
    created_at: datetime
    sequence: int = 0
    version: int = 0
    unreachable_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source fares now: whether it answers, and how many of its watches are in which state."""

    name: str
    is_up: bool
    watches: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HealthStep:
    """A change of a source's health and the event that tells it."""

    health: SourceHealth
    events: tuple[Event, ...]


def mark_unreachable(health: SourceHealth, since: datetime, now: datetime, detail: str) -> HealthStep | None:
    """Return the step that tells that the source does not answer; None where that was told already."""
    if health.unreachable_since is not None:
        return None
    return _step(replace(health, unreachable_since=since), EventType.SOURCE_UNREACHABLE, since, now, detail)


def mark_recovered(health: SourceHealth, now: datetime) -> HealthStep | None:
    """Return the step that tells that the source answers again; None where it never was told to be unreachable."""
    if health.unreachable_since is None:
        return None
    away_s = (now - health.unreachable_since).total_seconds()
    detail = f"answers again after {away_s:.0f} s"
    return _step(replace(health, unreachable_since=None), EventType.SOURCE_RECOVERED, None, now, detail)


def _step(
    health: SourceHealth, kind: EventType, occurred_at: datetime | None, now: datetime, detail: str
) -> HealthStep:
    written = replace(health, sequence=health.sequence + 1, version=health.version + 1)
    event = Event(
        id=source_event_id(health.name, health.created_at, written.sequence),
        type=kind,
        source=health.name,
        sequence=written.sequence,
        observed_at=now,
        occurred_at=occurred_at,
        detail=detail,
    )
    return HealthStep(written, (event,))
