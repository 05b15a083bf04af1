"""Builds the daemon from its configuration, and checks that it could be built."""

import os
import random
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import disable_created_metrics

from jobwatchd.clock import SystemClock
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.runtime import Runtime
from jobwatchd.http.limits import Memory
from jobwatchd.instruments import Registry
from jobwatchd.kinds.clients import Clients
from jobwatchd.logs import Format, QueuedOutput, configure_logging
from jobwatchd.ports import Store
from jobwatchd.prometheus_observer import PrometheusObserver
from jobwatchd.redaction import SECRETS
from jobwatchd.rotation import Rotation
from jobwatchd.sd_notify import Notifier
from jobwatchd.settings import Settings
from jobwatchd.telemetry import JobMetrics, Telemetry
from jobwatchd.wiring import Adapters
from jobwatchd.wiring.engine import Delays, build_engine

if TYPE_CHECKING:
    from jobwatchd.app.daemon import Daemon

STDERR = 2
# Commits: short beside any poll interval; how much later a change is committed, so that others go with it.
# Attempts: what a crash may cost; events of so long are sent again.
DELAYS = Delays(commits_s=0.02, attempts_s=0.05)


def build_daemon(load: Callable[[], Settings], output: QueuedOutput) -> "Daemon":
    """Return the daemon, logging to `output`; `load` reads the configuration, now and again. Raises `ConfigError`."""
    # Loaded here: a check of the configuration should not wait half a second for a web server and a database.
    from jobwatchd.app.daemon import Daemon  # noqa: PLC0415
    from jobwatchd.app.dependencies import Dependencies, retention  # noqa: PLC0415
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
    observer = PrometheusObserver(telemetry)
    runtime = Runtime(clock, random.random, logger, observer, Heartbeats(clock, observer))
    dependencies = Dependencies(
        settings=settings,
        load=load,
        adapters=Adapters(clock, loggers, output, JobMetrics(registry), Clients(rotation, memory)),
        engine=build_engine(runtime, build_store(settings), settings.reference, retention(settings), DELAYS),
        telemetry=telemetry,
        output=output,
        rotation=rotation,
        redactor=SECRETS,
        version=version("jobwatchd"),
    )
    return Daemon(dependencies, specs, Notifier(os.environ))


async def check_buildable(settings: Settings) -> None:
    """Build every source and sink, as `run` would, and let go of them; raises `ConfigError`."""
    from jobwatchd.app.configuration import plan  # noqa: PLC0415 - as above

    output = QueuedOutput(STDERR)
    loggers = configure_logging(Format(level="error"), output, SECRETS, os.environ)
    nothing = settings.model_copy(update={"sources": {}, "sinks": {}})
    clock = SystemClock()
    adapters = Adapters(clock, loggers, output, JobMetrics(Registry()), Clients(Rotation(clock)))
    built = await plan(nothing, settings, adapters)
    await built.discard()


def build_store(settings: Settings) -> Store:
    """Return the store, not opened yet."""
    from jobwatchd.stores.sql import SqlStore  # noqa: PLC0415 - as above

    return SqlStore(settings.store.url)
