"""What keeps watches, events and deliveries."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from math import inf
from typing import NamedTuple, Protocol

from jobwatchd.model.delivery import Attempt, Backlog, Committed, DeadLetter, Delivery, Replayed
from jobwatchd.model.event import Event, StoredEvent
from jobwatchd.model.health import HealthStep, SourceHealth
from jobwatchd.model.job import JobReference
from jobwatchd.model.query import DeadLetterQuery, EventQuery, WatchQuery
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Origin, Watch, WatchRecord, WatchSpec

Route = Callable[[Event], Collection[str]]
"""Names the durable sinks that an event goes to."""


STORE_PATIENCE_S = ContextVar("STORE_PATIENCE_S", default=inf)
"""For how many seconds a call of the store may wait for one that cannot be used now; what serves a request sets it."""


class Pruned(NamedTuple):
    """How many rows housekeeping removed."""

    watches: int
    events: int


class Store(Protocol):
    """What must outlive the process: watches, events, deliveries, the health of sources.

    Every call that writes is one transaction: it happens whole or not at all. Every call may raise `StoreUnavailable`,
    after which it may be made again as it was, and `StoreUnusable`. Instants keep their microseconds; order is by
    `position` and `id`, both growing.
    """

    async def open(self) -> None:
        """Connect, and bring the schema up to date; says what to do where that fails, and leaves nothing open."""

    async def close(self) -> None:
        """Close; what was committed stays."""

    async def check(self) -> None:
        """See whether the store can be read and written now, without writing anything."""

    async def add_watches(self, specs: Sequence[WatchSpec], now: datetime) -> Sequence[tuple[Watch, bool]]:
        """Add those jobs that are not watched yet; per spec, in order, its watch and whether it is new.

        A job that is watched already keeps its watch unchanged, whatever the spec's labels and policy say; the same
        job twice in `specs` is one watch.
        """

    async def amend_watches(self, changes: Sequence[tuple[Watch, WatchSpec]]) -> Sequence[Watch]:
        """Give watches the labels, policy and origin of specs, and keep the rest; returns those that are there."""

    async def remove_watches(self, ids: Collection[int]) -> Collection[int]:
        """Remove watches; returns the ids that were there. Events and their deliveries stay until they are pruned."""

    def load_watches(
        self, shards: Collection[int] | None, ended_after: datetime | None, origin: Origin | None = None
    ) -> AsyncIterator[Sequence[Watch]]:
        """Yield, in batches by id, the watches that have not ended, or ended after that; None means no such bound."""

    async def find_watch(self, ref: JobReference) -> WatchRecord | None:
        """Return the watch of a job."""

    async def get_watch(self, watch_id: int) -> WatchRecord | None:
        """Return a watch by its id."""

    async def list_watches(self, query: WatchQuery) -> Sequence[WatchRecord]:
        """Return watches in the order of their ids."""

    async def load_source(self, name: str, now: datetime) -> SourceHealth:
        """Return the health of a source, created as of `now` where it is new."""

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Write steps, their events, and one pending delivery for each sink that `route` names for an event.

        Per step a compare-and-set: the stored version must be one less than the step's; else the watch is stale, or
        gone, and nothing of the step is written, everything of the others is. Its observation, if any, becomes the
        watch's last. At most one step per watch in a call. Events get positions in the order given, those of sources
        first. An event whose id is stored already is not written again.

        The call may be made again when a failure has left open whether it was kept. A step whose watch has its version
        already, and whose very events are stored, is not stale but written, and its pending deliveries are returned,
        as those of such a step of a source are. (One without events counts as stale: load the watch again.)
        """

    async def list_events(self, query: EventQuery) -> Sequence[StoredEvent]:
        """Return events in the order of their positions."""

    async def pending_deliveries(self, sink: str, after: int, limit: int) -> Sequence[Delivery]:
        """Return a sink's pending deliveries with positions above `after`, in order."""

    async def first_pending(self, sink: str, watch_id: int) -> Delivery | None:
        """Return the oldest pending delivery of a watch's events to a sink; None where there is none."""

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write what became of deliveries; idempotent."""

    async def list_dead_letters(self, query: DeadLetterQuery) -> Sequence[DeadLetter]:
        """Return dead deliveries in the order of their positions.

        The limit counts events: one that several sinks would not take comes whole, or a page that begins after it would
        leave some of it out.
        """

    async def replay(self, query: DeadLetterQuery, now: datetime) -> Replayed:
        """Make the dead deliveries of a page pending again, as new as of `now`. Idempotent."""

    async def mark_missing(self, sinks: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """Remember that these sinks, and no others, are not configured; returns since when each is known to be so."""

    async def missing_sinks(self) -> Mapping[str, datetime]:
        """Return the sinks that are known not to be configured, and since when."""

    async def drop_pending(self, sink: str) -> int:
        """Remove at most 1,000 of a sink's pending deliveries; returns how many, so call again until there are none."""

    async def backlog(self) -> Sequence[Backlog]:
        """Return, per sink that has any pending or dead delivery, how far behind it is."""

    async def prune(self, finished_before: datetime, events_before: datetime) -> Pruned:
        """Remove ended watches of origin `api`, and events (with deliveries that are not pending), older than that.

        Bounded work per call, so that the loop is not held up; call again while something was removed. An ended watch
        of origin `file` stays: the file would bring it back as a new watch and tell its end again.
        """
