"""The daemon's configuration with everything around it: in memory, on a clock that stands still."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import structlog
from anyio.abc import TaskGroup
from structlog.testing import LogCapture

from jobwatchd.app.configuration import Configuration, plan
from jobwatchd.app.dependencies import Dependencies, retention
from jobwatchd.app.reloader import Reloader, read
from jobwatchd.app.service import Service
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.runtime import LanePolicy, Runtime, SinkBinding
from jobwatchd.errors import ConfigError
from jobwatchd.instruments import Registry
from jobwatchd.logs import QueuedOutput, Redactor
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.prometheus_observer import PrometheusObserver
from jobwatchd.rotation import Rotation
from jobwatchd.sd_notify import Notifier
from jobwatchd.settings import Settings, load_settings
from jobwatchd.sinks.metrics.section import MetricsSinkSettings
from jobwatchd.sinks.metrics.sink import MetricsSink
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import JobMetrics, Telemetry
from jobwatchd.testing import FakeClock, RecordingSink, ScriptedSource
from jobwatchd.wiring.engine import build_engine

SOURCE = (
    "{{kind: nebula-explorer, base_url: http://{host}, account: root, password: planted-password, "
    "graphd: {{address: g}}}}"
)


def text(*sources: str, sinks: str = "{prometheus: {kind: metrics}}", jobs: int = 1, labels: str = "{}") -> str:
    """Return a configuration of some sources, each with some watches."""
    lines = ["sources:", *(f"  {name}: {SOURCE.format(host=name)}" for name in sources), f"sinks: {sinks}", "watches:"]
    for name in sources:
        lines += [f"  - {{source: {name}, job: {{job_id: {job + 1}}}, labels: {labels}}}" for job in range(jobs)]
    return "\n".join(lines) + "\n"


class Adapters:
    """Builds sources whose jobs run for ever, and keeps all that it built; those in `broken` cannot be built."""

    def __init__(self, registry: Registry) -> None:
        self._metrics = JobMetrics(registry)
        self.broken: set[str] = set()
        self.built: list[ScriptedSource | RecordingSink] = []
        self.now: dict[str, ScriptedSource | RecordingSink] = {}

    def source(self, name: str, _settings: Settings) -> ScriptedSource:
        """Return a source where jobs 1 to 99 run."""
        if name in self.broken:
            raise ConfigError(f"sources.{name}: cannot be built with planted-password")
        source = ScriptedSource(name)
        for job in range(1, 100):
            source.script(JobReference.of(name, [str(job)]), Observation(State.RUNNING, "1"))
        self.built.append(source)
        self.now[name] = source
        return source

    def polled(self, name: str) -> ScriptedSource:
        """Return the source that has this name now."""
        source = self.now[name]
        assert isinstance(source, ScriptedSource)
        return source

    def lane_policy(self, name: str, settings: Settings) -> LanePolicy:
        """Return no particular limits."""
        return LanePolicy(cadence=settings.sources[name].poll.cadence())

    def tokens(self, settings: Settings) -> Mapping[str, str]:
        """Return the tokens that the settings have."""
        return settings.server.named_tokens

    def binding(self, name: str, settings: Settings) -> SinkBinding:
        """Return the metrics sink, or one that records."""
        section = settings.sinks[name]
        if isinstance(section, MetricsSinkSettings):
            return SinkBinding(MetricsSink(name, self._metrics, settings.sources), section.event_filter())
        sink = RecordingSink(name)
        self.built.append(sink)
        self.now[name] = sink
        return SinkBinding(sink, section.event_filter())


class Desk:
    """A configuration file, and the daemon's configuration that is made of it."""

    def __init__(self, file: Path, store: MemoryStore) -> None:
        self.file = file
        self.store = store
        self.clock = FakeClock()
        self.registry = Registry()
        self.adapters = Adapters(self.registry)
        self.log = LogCapture()
        self.load: Callable[[], Settings] = lambda: load_settings(file, {})

    @asynccontextmanager
    async def running(self, start: str) -> AsyncIterator[TaskGroup]:
        """Start with a configuration, for as long as the body lasts."""
        self.file.write_text(start)
        settings, specs = read(self.load)
        logger = structlog.wrap_logger(
            structlog.PrintLogger(), processors=[self.log], wrapper_class=structlog.make_filtering_bound_logger(0)
        )
        telemetry = Telemetry(self.registry)
        observer = PrometheusObserver(telemetry)
        runtime = Runtime(self.clock, lambda: 0.5, logger, observer, Heartbeats(self.clock, observer))
        self.engine = build_engine(runtime, self.store, settings.reference, retention(settings))
        self.dependencies = Dependencies(
            settings=settings,
            load=lambda: self.load(),  # noqa: PLW0108 - as it is by then
            adapters=self.adapters,
            engine=self.engine,
            telemetry=telemetry,
            output=QueuedOutput(2),
            rotation=Rotation(self.clock),
            redactor=Redactor(["planted-password"]),
            version="1.2.3",
        )
        self.configuration = Configuration(self.dependencies)
        service = Service(runtime, Notifier({}), lambda: "well")
        self.reloader = Reloader(self.dependencies, self.configuration, service)
        everything = await plan(settings.model_copy(update={"sources": {}, "sinks": {}}), settings, self.adapters)
        async with anyio.create_task_group() as tasks:
            self.engine.start(tasks)
            await self.configuration.prepare(everything, specs)
            await self.configuration.begin(everything, tasks)
            tasks.start_soon(self.engine.housekeeping.run)
            await self.clock.advance(10)
            yield tasks
            tasks.cancel_scope.cancel()

    async def reload(self, tasks: TaskGroup, new: str | None = None) -> None:
        """Read the file again, with what it now says."""
        if new is not None:
            self.file.write_text(new)
        await self.reloader._reload(tasks)
        await self.clock.advance(10)

    def shown(self, label: str) -> set[str]:
        """Return the values of a label, of whatever metric."""
        return {
            sample.labels[label]
            for family in self.registry.collect()
            for sample in family.samples
            if label in sample.labels
        }

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of a series, None where there is none."""
        return self.registry.get_sample_value(name, labels)

    def count(self, name: str, **labels: str) -> float:
        """Return the value of a series that is there."""
        value = self.metric(name, **labels)
        assert value is not None
        return value

    def events(self) -> list[str]:
        """Return which events were logged, in order."""
        return [entry["event"] for entry in self.log.entries]
