"""The section of a sink: each kind has one of its own, which knows how the sink is built."""

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, Field

from jobwatchd.kinds.clients import BuildContext
from jobwatchd.kinds.secrets import secret_recipe
from jobwatchd.logs import LoggerFactory, QueuedOutput
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.model.event import EventFilter, EventType
from jobwatchd.model.notation import shown
from jobwatchd.ports import Sink
from jobwatchd.rotation import Rotating
from jobwatchd.telemetry import JobMetrics
from jobwatchd.values.labels import Labels
from jobwatchd.values.section import Section


@dataclass(frozen=True, slots=True)
class LocalOutput:
    """Where a sink may put what it is told within this process; `sources` are the names of those there are."""

    loggers: LoggerFactory
    lines: QueuedOutput
    metrics: JobMetrics
    sources: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class SinkContext(BuildContext):
    """What a sink of this name is built with."""

    group: ClassVar[str] = "sinks"

    output: LocalOutput

    def secrets(self, section: BaseModel, key: str) -> Rotating[tuple[str, ...]]:
        """Return the secrets under a key of the section, which follow their files."""
        given = tuple(secret.get_secret_value() for secret in getattr(section, key))
        return self.clients.rotation.follow(secret_recipe(self.place, section, key), given)


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How long an event is tried, how many at once, and how long an attempt may take, in seconds."""

    retry: Retry
    concurrency: int
    attempt_s: float


# Whoever reads what is written here may be as slow as he likes, and tells nobody when he goes on. So many wait for one
# write, which keeps them in their order.
_WITHIN = DeliveryPolicy(Retry(Backoff(first_s=1.0, factor=2.0, longest_s=30.0)), concurrency=128, attempt_s=inf)


def _check_pattern(pattern: str) -> str:
    if not any(fnmatchcase(kind, pattern) for kind in EventType):
        known = ", ".join(EventType)
        raise ValueError(
            f"{shown(pattern, [*EventType])} matches no event; expected one of {known}, or a pattern such as job.*"
        )
    return pattern


class SinkSection(Section):
    """What the sections of all sinks have in common: which events they want; each kind adds `kind`, a literal.

    Of kinds that are `single` there may be one. Those that show each source are built anew when sources come or go.
    """

    single: ClassVar[bool] = False
    shows_sources: ClassVar[bool] = False

    events: tuple[Annotated[str, AfterValidator(_check_pattern)], ...] = ()
    sources: tuple[str, ...] = ()
    labels: Labels = Field(default_factory=dict)

    @abstractmethod
    def build(self, context: SinkContext) -> Sink:
        """Return a new sink; raises `ConfigError`."""

    def delivery_policy(self) -> DeliveryPolicy:
        """Return how events are delivered; as for what stays on this machine, where a kind says nothing else."""
        return _WITHIN

    def event_filter(self) -> EventFilter:
        """Return the events that the sink wants; without any given, all."""
        return EventFilter(self.events, self.sources, self.labels)
