"""The engine in memory, on a clock that stands still; put together as the daemon's is."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup
from structlog.testing import LogCapture

from jobwatchd.engine.commits import AttemptRecorder, Commits
from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.dispatcher import Dispatcher
from jobwatchd.engine.engine import Engine
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.lane import Lane
from jobwatchd.engine.runtime import LanePolicy, Runtime, SinkBinding
from jobwatchd.instruments import Registry
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Policy
from jobwatchd.ports import Source
from jobwatchd.prometheus_observer import PrometheusObserver
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import Telemetry
from jobwatchd.testing import FakeClock
from jobwatchd.wiring.engine import build_engine


class _Noting(PrometheusObserver):
    """Keeps the events that were committed, beside the metrics."""

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__(telemetry)
        self.events: list[Event] = []

    def committed(self, events: Sequence[Event], took_s: float) -> None:
        super().committed(events, took_s)
        self.events += events


class EngineRig:
    """An engine and what is around it; nothing runs but in `running`.

    `luck` is what jitter yields, unless `jitter` is replaced; `log` has the lines, `told` the committed events.
    """

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = Registry()
        self.log = LogCapture()
        self.logger = structlog.wrap_logger(
            structlog.PrintLogger(), processors=[self.log], wrapper_class=structlog.make_filtering_bound_logger(0)
        )
        self.luck = 0.5
        self.jitter: Callable[[], float] = lambda: self.luck
        self._observer = _Noting(Telemetry(self.registry))
        self.told = self._observer.events
        self.heartbeats = Heartbeats(self.clock, self._observer)
        self.runtime = Runtime(self.clock, lambda: self.jitter(), self.logger, self._observer, self.heartbeats)  # noqa: PLW0108 - as it is by then
        self.use(MemoryStore())

    def use(self, store: MemoryStore) -> None:
        """Put an engine together on this store, in the place of the one before."""
        self.store = store
        self.engine: Engine = build_engine(self.runtime, store, _name_job)

    @property
    def commits(self) -> Commits:
        """What writes steps."""
        return self.engine.commits

    @property
    def recorder(self) -> AttemptRecorder:
        """What writes what became of deliveries."""
        return self.engine.recorder

    @property
    def dispatcher(self) -> Dispatcher:
        """What brings events to sinks."""
        return self.engine.dispatcher

    async def lane(self, source: Source, policy: LanePolicy | None = None, cadence: Cadence | None = None) -> Lane:
        """Return a new lane for a source, with the health that the store knows; without jitter unless asked for."""
        return await self.engine.lane(source, replace(policy or LanePolicy(), cadence=cadence or Cadence(jitter=0.0)))

    def delivery(self, binding: SinkBinding) -> DeliveryLoop:
        """Return a delivery loop for one sink."""
        return DeliveryLoop(self.runtime, binding, self.engine.store, self.recorder)

    @asynccontextmanager
    async def running(self, *loops: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[TaskGroup]:
        """Run these loops, and those that write, for as long as the body lasts."""
        async with anyio.create_task_group() as tasks:
            self.engine.start(tasks)
            for loop in loops:
                tasks.start_soon(loop)
            yield tasks
            tasks.cancel_scope.cancel()

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of a metric's series, None where there is none."""
        return self.registry.get_sample_value(name, labels)


def _name_job(source: str, job: Mapping[str, str], _policy: Policy) -> JobReference:
    return JobReference.of(source, list(job.values()))
