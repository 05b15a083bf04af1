"""What is asked of the log of events and the list of watches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobwatchd.model.job import State
from jobwatchd.model.watch import NO_LABELS, Origin


@dataclass(frozen=True, slots=True)
class WatchQuery:
    """Which watches to list: after this id, at most so many, of this source, in this state, with these labels.

    `active` True keeps those that have not ended, False those that have; `origin` those of the file, or of the API.
    """

    after: int = 0
    limit: int = 100
    source: str | None = None
    state: State | None = None
    active: bool | None = None
    origin: Origin | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events to list: after this position, at most so many, of this watch, this source, these exact types.

    With `newest_first` the order is turned round, and `after` then means: before this position (0 for the newest).
    """

    after: int = 0
    limit: int = 100
    watch_id: int | None = None
    source: str | None = None
    types: tuple[str, ...] = ()
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetterQuery:
    """Which dead letters: after this position, of at most so many events, of this sink, source, watch, these types.

    `event_ids`, if not None, keeps those of these events.
    """

    after: int = 0
    limit: int = 100
    sink: str | None = None
    source: str | None = None
    watch_id: int | None = None
    types: tuple[str, ...] = ()
    event_ids: tuple[str, ...] | None = None
