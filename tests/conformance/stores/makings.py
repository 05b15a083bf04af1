"""What is put into a store, and short ways to see what is in it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from jobwatchd.model.delivery import Attempt, Delivery, DeliveryStatus
from jobwatchd.model.event import Event
from jobwatchd.model.facts import NO_FACTS, JobFacts
from jobwatchd.model.health import HealthStep, mark_unreachable
from jobwatchd.model.job import JobReference, Observation, State, Task
from jobwatchd.model.query import EventQuery
from jobwatchd.model.transition import Step, advance
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, Origin, Policy, Watch, WatchRecord, WatchSpec
from jobwatchd.ports import Store

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_457, tzinfo=UTC)


class MakeSpec:
    """Makes specifications for the jobs of one source."""

    def __call__(
        self,
        job: str,
        source: str = "graph",
        *,
        labels: Mapping[str, str] = NO_LABELS,
        policy: Policy = DEFAULT_POLICY,
        origin: Origin = Origin.API,
    ) -> WatchSpec:
        """Return one for a job."""
        return WatchSpec(JobReference(source, job), labels, policy, origin)


class Add:
    """Adds jobs by name, and returns their watches."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self,
        *jobs: str,
        source: str = "graph",
        labels: Mapping[str, str] = NO_LABELS,
        policy: Policy = DEFAULT_POLICY,
        origin: Origin = Origin.API,
    ) -> list[Watch]:
        """Add them to the store."""
        specs = [WatchSpec(JobReference(source, job), labels, policy, origin) for job in jobs]
        return [watch for watch, _ in await self._store.add_watches(specs, NOW)]


class MakeStep:
    """Makes the step to a state, seconds after the time of all fixtures."""

    def __call__(
        self,
        watch: Watch,
        state: State = State.QUEUED,
        after_s: float = 0,
        *,
        facts: JobFacts = NO_FACTS,
        error: str | None = None,
        group: str | None = None,
        tasks: tuple[Task, ...] = (),
    ) -> Step:
        """Return the step of a watch to what was seen."""
        seen = Observation(state, state.value.upper(), facts, error, group, tasks)
        return advance(watch, seen, NOW + timedelta(seconds=after_s))


class Commit:
    """Commits steps with deliveries to some sinks, `hook` unless said otherwise; returns whose steps were outdated."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, *steps: Step, sinks: Sequence[str] = ("hook",), at: datetime = NOW) -> set[int]:
        """Commit them in one."""
        return set((await self._store.commit(steps, (), lambda _event: sinks, at)).stale)


class MakeAttempt:
    """Makes attempts, a minute after the time of all fixtures."""

    def __call__(
        self,
        delivery: Delivery,
        status: DeliveryStatus,
        attempts: int = 1,
        sink: str = "hook",
        *,
        next_attempt_at: datetime | None = None,
        error: str | None = None,
        rejections: int = 0,
        rejected_since: datetime | None = None,
    ) -> Attempt:
        """Return what became of a delivery."""
        at = NOW + timedelta(minutes=1)
        return Attempt(
            sink, delivery.position, status, attempts, at, next_attempt_at, error, rejections, rejected_since
        )


async def failure(
    store: Store, source: str, now: datetime, since: datetime | None = None, why: str = "refused"
) -> HealthStep:
    """Return the step of a source that is not answering any more."""
    step = mark_unreachable(await store.load_source(source, now), since or now, now, why)
    assert step is not None
    return step


async def record_of(store: Store, watch_id: int) -> WatchRecord:
    """Return what the store has of a watch that is there."""
    record = await store.get_watch(watch_id)
    assert record is not None
    return record


def job_of(event: Event) -> str:
    """Return the job that an event is about, not its source alone."""
    assert event.ref is not None
    return event.ref.job


async def waiting(store: Store, sink: str = "hook", after: int = 0, limit: int = 10) -> list[str]:
    """Name the jobs that a sink waits for."""
    return [job_of(delivery.event) for delivery in await store.pending_deliveries(sink, after, limit)]


async def told(store: Store) -> list[tuple[str, str]]:
    """Return what was told, in order: job and type."""
    return [(stored.event.subject, stored.event.type.value) for stored in await store.list_events(EventQuery())]


def to_nobody(_event: Event) -> Sequence[str]:
    """Route events to no sink."""
    return ()
