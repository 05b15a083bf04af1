"""Builds everything from the settings; the only place that names concrete adapters."""

import os
import random
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import disable_created_metrics

from jobwatchd.app.patience import Patience
from jobwatchd.app.waiting import Onlooker, Waiting
from jobwatchd.clock import SystemClock
from jobwatchd.engine.delivery import Outlet
from jobwatchd.engine.limits import LaneLimits
from jobwatchd.engine.poller import LostAfter
from jobwatchd.http.memory import Memory
from jobwatchd.http.tap import Tap
from jobwatchd.instruments import Registry
from jobwatchd.kinds.clients import Clients
from jobwatchd.kinds.sink import Output, SinkContext
from jobwatchd.kinds.source import SourceContext, SourceSection
from jobwatchd.logs import Format, LoggerFactory, QueuedOutput, configure_logging, silent_logger
from jobwatchd.ports import Clock, Source, Store
from jobwatchd.redaction import SECRETS
from jobwatchd.rotation import Rotating, Rotation
from jobwatchd.sd_notify import Notifier
from jobwatchd.settings import Settings
from jobwatchd.settings.server import ServerSettings, tokens_recipe
from jobwatchd.sources.http_json.login import build_asking
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import JobMetrics, Telemetry

if TYPE_CHECKING:
    from jobwatchd.app.daemon import Daemon

# A poll may renew a token and be repeated, and on a slow disk a watch or a page of deliveries takes a while to be read;
# only then does a loop look stuck.
POLLS_IN_A_ROW = 3
DISK_S = 30.0
STDERR = 2


def build_daemon(load: Callable[[], Settings], output: QueuedOutput) -> "Daemon":
    """Return the daemon, logging to `output`; `load` reads the configuration, now and again. Raises `ConfigError`."""
    # Loaded here: a command that only polls should not wait half a second for a web server and a database.
    from jobwatchd.app.daemon import Daemon  # noqa: PLC0415
    from jobwatchd.app.parts import Parts  # noqa: PLC0415
    from jobwatchd.app.reloader import read  # noqa: PLC0415

    settings, specs = read(load)
    clock = SystemClock()
    loggers = configure_logging(settings.log.line_format(), output, SECRETS, os.environ)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the number of series, and nobody here resets a counter
    logger = loggers.logger("jobwatchd")
    rotation = Rotation(clock, logger, SECRETS.remember)
    memory = Memory(settings.http.memory)
    registry = Registry()
    telemetry = Telemetry(registry)
    telemetry.log_lines_dropped.read = lambda: output.dropped
    telemetry.http_memory.set_function(lambda: memory.held)
    parts = Parts(
        settings=settings,
        load=load,
        builder=Adapters(clock, loggers, output, JobMetrics(registry), Clients(rotation, memory)),
        store=build_store(settings),
        clock=clock,
        chance=random.random,
        registry=registry,
        telemetry=telemetry,
        output=output,
        logger=logger,
        rotation=rotation,
        redactor=SECRETS,
        version=version("jobwatchd"),
    )
    return Daemon(parts, specs, Notifier(os.environ))


async def check_buildable(settings: Settings) -> None:
    """Build every source and sink, as `run` would, and let go of them; raises `ConfigError`."""
    from jobwatchd.app.reload import plan  # noqa: PLC0415 - as above

    output = QueuedOutput(STDERR)
    loggers = configure_logging(Format(level="error"), output, SECRETS, os.environ)
    nothing = settings.model_copy(update={"sources": {}, "sinks": {}})
    clock = SystemClock()
    builder = Adapters(clock, loggers, output, JobMetrics(Registry()), Clients(Rotation(clock)))
    built = await plan(nothing, settings, builder)
    await built.discard()


def build_waiting(settings: Settings, source: str, onlooker: Onlooker, appear_within_s: float) -> Waiting:
    """Return what waits for jobs of one source, and logs nothing: `onlooker` hears it all. Raises `ConfigError`."""
    clock = SystemClock()
    section = settings.sources[source]
    rotation = Rotation(clock, silent_logger(), SECRETS.remember)
    return Waiting(
        build_source(source, section, clock, clients=Clients(rotation, Memory(settings.http.memory))),
        lane_limits(section),
        section.poll.cadence(),
        store=MemoryStore(),
        clock=clock,
        chance=random.random,
        rotation=rotation,
        logger=silent_logger(),
        onlooker=onlooker,
        patience=Patience(appear_within_s),
    )


def build_store(settings: Settings) -> Store:
    """Return the store, not opened yet."""
    from jobwatchd.stores.sql import SqlStore  # noqa: PLC0415 - as above

    return SqlStore(settings.store.url)


class Adapters:
    """Builds sources and sinks; implements `app.parts.Builder`."""

    def __init__(
        self, clock: Clock, loggers: LoggerFactory, output: QueuedOutput, metrics: JobMetrics, clients: Clients
    ) -> None:
        self._clock = clock
        self._clients = clients
        self._server = ServerSettings()
        self._tokens = Rotating[Mapping[str, str]].constant({})
        self._loggers = loggers
        self._output = output
        self._metrics = metrics

    def source(self, name: str, settings: Settings) -> Source:
        """Return a new source of this name; raises `ConfigError`."""
        return build_source(name, settings.sources[name], self._clock, clients=self._clients)

    def limits(self, name: str, settings: Settings) -> LaneLimits:
        """Return how that source is spared."""
        return lane_limits(settings.sources[name])

    def outlet(self, name: str, settings: Settings) -> Outlet:
        """Return a new sink of this name, with its filter and retries; raises `ConfigError`."""
        section = settings.sinks[name]
        output = Output(self._loggers, self._output, self._metrics, tuple(settings.sources))
        sink = section.build(SinkContext(name, self._clock, self._clients, output, build_asking))
        policy = section.delivery_policy()
        return Outlet(
            sink,
            section.event_filter(),
            policy.retry,
            concurrency=policy.concurrency,
            silence_s=POLLS_IN_A_ROW * policy.attempt_s + DISK_S,
        )

    def tokens(self, settings: Settings) -> Mapping[str, str]:
        """Return the tokens that the API takes, by their names, as their file has them now."""
        if settings.server is not self._server:
            self._server = settings.server
            self._tokens.close()
            self._tokens = self._clients.rotation.follow(tokens_recipe(settings.server), settings.server.named_tokens)
        return self._tokens.value


def build_source(
    name: str, section: SourceSection, clock: Clock, tap: Tap | None = None, clients: Clients | None = None
) -> Source:
    """Return a new source with an HTTP client of its own, which tells `tap` of each answer; raises `ConfigError`.

    Without `clients` its files are looked at only when its credentials are refused.
    """
    return section.build(SourceContext(name, clock, clients or Clients(Rotation(clock), tap=tap)))


def lane_limits(section: SourceSection) -> LaneLimits:
    """Return how a source is spared."""
    poll = section.poll
    return LaneLimits(
        concurrency=poll.concurrency,
        rate=poll.rate,
        lost_after=LostAfter(poll.lost_after.not_found, poll.lost_after.grace),
        unreachable_after_s=poll.unreachable_after,
        hint_bound_s=poll.hint_bound,
        silence_s=POLLS_IN_A_ROW * section.attempt_s() + DISK_S,
    )
