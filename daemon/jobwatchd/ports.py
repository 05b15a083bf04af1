"""Every seam of jobwatchd in one place; the docstrings are the contracts, kept by the suites in `tests/conformance`."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from math import inf
from typing import NamedTuple, Protocol

import anyio

from jobwatchd.model.delivery import Attempt, Backlog, Committed, DeadLetter, Delivery, Replayed, SinkState
from jobwatchd.model.event import Event, StoredEvent
from jobwatchd.model.health import HealthStep, SourceHealth, SourceState
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.model.query import DeadLetterQuery, EventQuery, WatchQuery
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Origin, Policy, Watch, WatchRecord, WatchSpec

Route = Callable[[Event], Collection[str]]
"""Names the durable sinks that an event goes to."""

STORE_PATIENCE_S = ContextVar("STORE_PATIENCE_S", default=inf)
"""For how many seconds a call of the store may wait for one that cannot be used now; what serves a request sets it."""


class Clock(Protocol):
    """Time, injected so that an hour of polling can be simulated in milliseconds."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""

    async def sleep(self, delay_s: float) -> None:
        """Sleep for `delay_s` seconds."""

    async def wait(self, event: anyio.Event, timeout_s: float) -> None:
        """Return when `event` is set; after `timeout_s` seconds set it."""


class Sighting(NamedTuple):
    """What one poll brought: a digest of the answer, and what it says; `UNCHANGED` where that is what the last said."""

    digest: int
    observation: Observation | None


UNCHANGED = Sighting(0, None)


class Listing(NamedTuple):
    """What a list poll brought: what it says of jobs, and how many requests it took.

    A source that cannot list, but can tell whether anything moved, says since when nothing did: `quiet_since_s`, on the
    clock's monotonic scale. Two changes may cancel out, so it is a hint for a while and no observation.
    """

    found: Mapping[JobReference, Observation]
    requests: int
    quiet_since_s: float | None = None


class Answer(Protocol):
    """An HTTP response whose body was read."""

    status: int
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""


class HttpClient(Protocol):
    """Sends one request and returns its answer, whatever its status.

    Raises `SourceUnavailable` when no whole answer came (refused, reset, truncated, not HTTP, any of the timeouts, no
    connection free, what cannot be sent) and `BadPayload` when the body is too large or cannot be read, for a sink
    `SinkUnavailable` in both cases; nothing else. Messages name the request, but no secrets. Constructors raise
    `ConfigError` for a PEM file or option of no use. Where a kept connection turns out to be closed too late, the
    request fails. A cancelled one frees its place at once.
    """

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request to an absolute URL that is already percent-encoded."""

    async def close(self) -> None:
        """Close all connections; the client is not used afterwards."""


class Source(Protocol):
    """One configured job API.

    Both calls raise `SourceError`s only, never anything else, and never call an answer that could not be read a state
    of the job. A source renews its own credentials, once for all polls that wait for it, and tries the request again;
    only a second refusal is `SourceUnauthorized`. Calls may run concurrently, as many as the lane allows.
    """

    name: str

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Look at one job; `digest` is that of its last sighting, 0 for none.

        Raises `JobNotFound` only where the API itself says that there is no such job; `SourceUnavailable`,
        `SourceRateLimited`, `SourceUnauthorized`, `SourceRejected`, `BadPayload` as their docstrings say.
        """

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        """Look at many jobs of one `Observation.group` with as few requests as the API allows.

        Jobs that the list does not show, or whose entry cannot be trusted, are left out: look at them singly. A list
        may show less of a job than `observe` does (no tasks). Raises as `observe`, but never `JobNotFound`. Only called
        for groups that the source's own observations have named.
        """

    async def close(self) -> None:
        """Give back connections; the source is not used afterwards."""


class Sink(Protocol):
    """Where events go.

    A durable sink has its deliveries kept in the store until `send` returns: at least once, in order per subject. A
    sink that is not durable is handed every committed event once, in this process only.
    """

    name: str
    durable: bool

    async def send(self, event: Event) -> None:
        """Hand over one event; returning means that it was taken.

        Raises `SinkUnavailable`, `SinkRejected` or `SinkGone`, nothing else. The same event may come again, by its id.
        """

    async def close(self) -> None:
        """Give back connections and flush; the sink is not used afterwards."""


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


class Watchlist(Protocol):
    """The watches of the running daemon, as the HTTP API and the reload change them."""

    def reference(self, source: str, job: Mapping[str, str], policy: Policy) -> JobReference:
        """Return the reference for named job parameters, to be watched like that; raises `Misfit`."""

    async def add(self, specs: Sequence[WatchSpec]) -> Sequence[tuple[Watch, bool]]:
        """Store watches and start to poll the new ones at once; see `Store.add_watches`."""

    async def remove(self, watch_id: int) -> bool:
        """Stop polling and remove a watch; False where there is none."""

    def source_states(self) -> Sequence[SourceState]:
        """Return how each source fares, by their names."""


class Sinks(Protocol):
    """The sinks of the running daemon, as the HTTP API sees and steers them."""

    def states(self) -> Sequence[SinkState]:
        """Return how each configured sink fares."""

    def enable(self, name: str) -> bool:
        """Go on with a sink whose receiver wanted no more events; returns whether that was so.

        Raises `KeyError` where no sink of this name is configured.
        """

    def rescan(self) -> None:
        """Have deliveries found soon that are pending again."""


class Heartbeats(Protocol):
    """Whether the process is well, told by the progress of its loops."""

    @property
    def ready(self) -> bool:
        """Whether start-up has come to its end, and shutdown has not begun."""

    @property
    def started(self) -> bool:
        """Whether start-up has come to its end."""

    def outages(self) -> Sequence[str]:
        """Return one sentence for each thing that work waits for; it passes, and a restart would not help."""

    def problems(self) -> Sequence[str]:
        """Return one sentence for each loop that made no progress for too long; empty when all is well."""
