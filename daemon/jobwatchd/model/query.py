"""What is asked of the log of events, the list of watches, and the dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobwatchd.model.delivery import Delivery
from jobwatchd.model.event import StoredEvent
from jobwatchd.model.job import State
from jobwatchd.model.watch import NO_LABELS, Origin, Watch


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

    def wants(self, watch: Watch) -> bool:
        """Whether a watch is asked for; the limit is not looked at."""
        return (
            watch.id > self.after
            and self.source in {None, watch.source}
            and self.state in {None, watch.state}
            and self.active in {None, watch.ended_at is None}
            and self.origin in {None, watch.origin}
            and self.wants_labels(watch)
        )

    def wants_labels(self, watch: Watch) -> bool:
        """Whether a watch has the labels that are asked for."""
        return all(watch.labels.get(name) == value for name, value in self.labels.items())


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

    def wants(self, stored: StoredEvent) -> bool:
        """Whether an event is asked for; the limit is not looked at."""
        in_page = stored.position > self.after
        if self.newest_first:
            in_page = self.after == 0 or stored.position < self.after
        return (
            in_page
            and self.watch_id in {None, stored.event.watch_id}
            and self.source in {None, stored.event.source}
            and (not self.types or stored.event.type in self.types)
        )


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

    def wants(self, delivery: Delivery) -> bool:
        """Whether a delivery is asked for, if it is dead; the limit is not looked at."""
        event = delivery.event
        return (
            delivery.position > self.after
            and self.sink in {None, delivery.sink}
            and self.source in {None, event.source}
            and self.watch_id in {None, event.watch_id}
            and (not self.types or event.type in self.types)
            and (self.event_ids is None or event.id in self.event_ids)
        )
