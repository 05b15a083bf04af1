"""Builds everything from the settings; the only place that names concrete adapters.

- `clients`: the HTTP clients of sources and sinks
"""

import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, assert_never

from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics

from jobwatchd.app.waiting import Waiting
from jobwatchd.clock import SystemClock
from jobwatchd.engine.delivery import Outlet
from jobwatchd.engine.lane import LaneLimits
from jobwatchd.engine.poller import LostAfter
from jobwatchd.http.memory import Memory
from jobwatchd.http.tap import Tap, TappedClient
from jobwatchd.logs import LoggerFactory, Redactor, configure_logging
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import Clock, Sink, Source, Store
from jobwatchd.rotation import Rotating, Rotation
from jobwatchd.sd_notify import Notifier
from jobwatchd.settings import Settings
from jobwatchd.settings.recipes import (
    api_key_recipe,
    credentials_recipe,
    password_recipe,
    signing_recipe,
    tokens_recipe,
)
from jobwatchd.settings.server import ServerSettings
from jobwatchd.settings.sinks import LogSinkSettings, MetricsSinkSettings, SinkSettings, WebhookSinkSettings
from jobwatchd.settings.sources import HttpJsonSettings, NebulaExplorerSettings, SourceSettings, TelestreamUpSettings
from jobwatchd.sinks.endpoint import Endpoint
from jobwatchd.sinks.log import LogSink
from jobwatchd.sinks.metrics import MetricsSink
from jobwatchd.sinks.webhook import Webhook
from jobwatchd.sources.http_json.source import HttpJson
from jobwatchd.sources.nebula_explorer import NebulaExplorer
from jobwatchd.sources.telestream_up import TelestreamUp
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import JobMetrics, Telemetry
from jobwatchd.wiring.clients import Clients

if TYPE_CHECKING:
    from jobwatchd.app.daemon import Daemon

# A poll may renew a token and be repeated, and on a slow disk a watch or a page of deliveries takes a while to be read;
# only then does a loop look stuck.
POLLS_IN_A_ROW = 3
DISK_S = 30.0


def build_daemon(settings: Settings, load: Callable[[], Settings]) -> "Daemon":
    """Return the daemon, logging to stderr; `load` reads the configuration again. Raises `ConfigError`."""
    # Loaded here: a command that only polls should not wait half a second for a web server and a database.
    from jobwatchd.app.daemon import Daemon  # noqa: PLC0415
    from jobwatchd.app.parts import Parts  # noqa: PLC0415

    clock = SystemClock()
    redactor = Redactor(settings.secrets())
    loggers = configure_logging(settings.log.format, settings.log.level, sys.stderr, redactor, os.environ)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the number of series, and nobody here resets a counter
    registry = CollectorRegistry()
    logger = loggers.logger("jobwatchd")
    rotation = Rotation(clock, logger, redactor.add)
    memory = Memory(settings.http.memory)
    Gauge(
        "jobwatchd_http_memory_bytes", "Memory that bodies in flight hold, out of http.memory.", registry=registry
    ).set_function(lambda: memory.held)
    parts = Parts(
        settings=settings,
        load=load,
        builder=Adapters(clock, loggers, JobMetrics(registry), Clients(rotation, memory)),
        store=build_store(settings),
        clock=clock,
        chance=random.random,
        registry=registry,
        telemetry=Telemetry(registry),
        logger=logger,
        rotation=rotation,
        redactor=redactor,
        version=version("jobwatchd"),
    )
    return Daemon(parts, Notifier(os.environ))


def build_waiting(
    settings: Settings,
    source: str,
    *,
    told: Callable[[Event], None],
    seen: Callable[[JobReference, Observation], None],
) -> Waiting:
    """Return what waits for jobs of one source, with warnings on stderr; raises `ConfigError`."""
    clock = SystemClock()
    redactor = Redactor(settings.secrets())
    loggers = configure_logging(settings.log.format, "warning", sys.stderr, redactor, os.environ)
    logger = loggers.logger("jobwatchd")
    rotation = Rotation(clock, logger, redactor.add)
    return Waiting(
        build_source(source, settings.sources[source], clock, clients=Clients(rotation, Memory(settings.http.memory))),
        lane_limits(settings.sources[source]),
        settings.sources[source].poll.cadence(),
        store=MemoryStore(),
        clock=clock,
        chance=random.random,
        rotation=rotation,
        logger=logger,
        told=told,
        seen=seen,
    )


def build_store(settings: Settings) -> Store:
    """Return the store, not opened yet."""
    from jobwatchd.stores.sql import SqlStore  # noqa: PLC0415 - as above

    return SqlStore(settings.store.url)


class Adapters:
    """Builds sources and sinks; implements `app.parts.Builder`."""

    def __init__(self, clock: Clock, loggers: LoggerFactory, metrics: JobMetrics, clients: Clients) -> None:
        self._clock = clock
        self._clients = clients
        self._server = ServerSettings()
        self._tokens = Rotating[tuple[str, ...]].constant(())
        self._loggers = loggers
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
        sink = self._sink(name, section, settings.sources)
        if isinstance(section, WebhookSinkSettings):
            return Outlet(
                sink,
                section.event_filter(),
                section.delivery_retry(),
                concurrency=section.concurrency,
                silence_s=POLLS_IN_A_ROW * section.timeout.total + DISK_S,
            )
        # One at a time, so that the lines of the log stand in the order in which things happened.
        return Outlet(sink, section.event_filter(), concurrency=1)

    def tokens(self, settings: Settings) -> Sequence[str]:
        """Return the tokens that the API takes, as their file has them now."""
        if settings.server is not self._server:
            self._server = settings.server
            self._tokens.close()
            given = tuple(token.get_secret_value() for token in settings.server.tokens)
            self._tokens = self._clients.rotation.follow(tokens_recipe(settings.server), given)
        return self._tokens.value

    def _sink(self, name: str, section: SinkSettings, sources: Iterable[str]) -> Sink:
        match section:
            case LogSinkSettings():
                return LogSink(name, self._loggers.event_logger(name), self._loggers.stream)
            case MetricsSinkSettings():
                return MetricsSink(name, self._metrics, sources)
            case WebhookSinkSettings():
                return build_webhook(name, section, self._clock, self._clients)
            case _:
                assert_never(section)


def build_webhook(name: str, section: WebhookSinkSettings, clock: Clock, clients: Clients) -> Webhook:
    """Return a new webhook with HTTP clients of its own; raises `ConfigError`."""
    given = tuple(secret.get_secret_value() for secret in section.secrets)
    secrets: Rotating[tuple[str, ...]] = clients.rotation.follow(signing_recipe(name, section), given)
    return Webhook(
        name,
        Endpoint(section.url, section.plain_headers(), section.mode, section.sent_content_type()),
        secrets,
        clock,
        client=clients.of_webhook(name, section),
        asking=None if section.auth.kind == "none" else clients.asking_of_webhook(name, section, clock),
    )


def build_source(
    name: str, section: SourceSettings, clock: Clock, tap: Tap | None = None, clients: Clients | None = None
) -> Source:
    """Return a new source with an HTTP client of its own, which tells `tap` of each answer; raises `ConfigError`.

    Without `clients` its files are looked at only when its credentials are refused.
    """
    clients = clients or Clients(Rotation(clock))
    follow = clients.rotation.follow
    client = clients.of_source(name, section)
    if tap is not None:
        client = TappedClient(client, tap)
    match section:
        case NebulaExplorerSettings():
            return NebulaExplorer(
                name,
                str(section.base_url),
                account=section.account,
                password=follow(password_recipe(name, section), section.password.get_secret_value()),
                graphd_address=section.graphd.address,
                graphd_port=section.graphd.port,
                client=client,
                clock=clock,
            )
        case TelestreamUpSettings():
            return TelestreamUp(
                name,
                str(section.base_url),
                api_key=follow(api_key_recipe(name, section), section.api_key.get_secret_value()),
                client=client,
                clock=clock,
            )
        case HttpJsonSettings():
            credentials = follow(credentials_recipe(f"sources.{name}", section), section.credentials())
            return HttpJson(name, str(section.base_url), section, credentials=credentials, client=client, clock=clock)
        case _:
            assert_never(section)


def lane_limits(section: SourceSettings) -> LaneLimits:
    """Return how a source is spared."""
    poll = section.poll
    return LaneLimits(
        concurrency=poll.concurrency,
        rate=poll.rate,
        lost_after=LostAfter(poll.lost_after.not_found, poll.lost_after.grace),
        unreachable_after_s=poll.unreachable_after,
        hint_bound_s=poll.hint_bound,
        silence_s=POLLS_IN_A_ROW * section.timeout.total + DISK_S,
    )
