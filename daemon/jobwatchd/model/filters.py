"""Which events a sink wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from jobwatchd.model.event import Event
from jobwatchd.model.watch import NO_LABELS


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Patterns of event types (`job.*`), names of sources, and labels that must all be there; empty lets all pass."""

    types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS)

    def matches(self, event: Event) -> bool:
        """Whether the sink wants `event`; an event without a wanted label is not wanted."""
        if self.types and not any(fnmatchcase(event.type, pattern) for pattern in self.types):
            return False
        if self.sources and event.source not in self.sources:
            return False
        return all(event.labels.get(name) == value for name, value in self.labels.items())
