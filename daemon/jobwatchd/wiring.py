"""Builds everything from the settings; the only place that names concrete adapters."""

import os
import random
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, assert_never

from prometheus_client import CollectorRegistry, disable_created_metrics

from jobwatchd.app.waiting import Waiting
from jobwatchd.clock import SystemClock
from jobwatchd.engine.delivery import Outlet
from jobwatchd.engine.lane import LaneLimits
from jobwatchd.engine.poller import LostAfter
from jobwatchd.http.client import HttpOptions, Tls
from jobwatchd.http.factory import build_http_client
from jobwatchd.http.failures import FOR_SINKS
from jobwatchd.http.tap import Tap, TappedClient
from jobwatchd.logs import LoggerFactory, Redactor, configure_logging
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import Clock, HttpClient, Sink, Source, Store
from jobwatchd.sd_notify import Notifier
from jobwatchd.settings import Settings
from jobwatchd.settings.sinks import LogSinkSettings, MetricsSinkSettings, SinkSettings, WebhookSinkSettings
from jobwatchd.settings.sources import HttpJsonSettings, NebulaExplorerSettings, SourceSettings, TelestreamUpSettings
from jobwatchd.sinks.log import LogSink
from jobwatchd.sinks.metrics import MetricsSink
from jobwatchd.sinks.webhook import Webhook
from jobwatchd.sources.http_json.source import HttpJson
from jobwatchd.sources.nebula_explorer import NebulaExplorer
from jobwatchd.sources.telestream_up import TelestreamUp
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import JobMetrics, Telemetry

if TYPE_CHECKING:
    from jobwatchd.app.daemon import Daemon

# A poll may renew a token and be repeated, and on a slow disk a watch or a page of deliveries takes a while to be read;
# only then does a loop look stuck.
POLLS_IN_A_ROW = 3
DISK_S = 30.0
MAX_WEBHOOK_ANSWER = 65_536
# Below the five seconds after which common servers drop an idle connection, so that we seldom write into a closed one.
WEBHOOK_IDLE_S = 4.0


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
    parts = Parts(
        settings=settings,
        load=load,
        builder=Adapters(clock, loggers, JobMetrics(registry)),
        store=build_store(settings),
        clock=clock,
        chance=random.random,
        registry=registry,
        telemetry=Telemetry(registry),
        logger=loggers.logger("jobwatchd"),
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
    return Waiting(
        build_source(source, settings.sources[source], clock),
        lane_limits(settings.sources[source]),
        settings.sources[source].poll.cadence(),
        store=MemoryStore(),
        clock=clock,
        chance=random.random,
        logger=loggers.logger("jobwatchd"),
        told=told,
        seen=seen,
    )


def build_store(settings: Settings) -> Store:
    """Return the store, not opened yet."""
    from jobwatchd.stores.sql import SqlStore  # noqa: PLC0415 - as above

    return SqlStore(settings.store.url)


class Adapters:
    """Builds sources and sinks; implements `app.parts.Builder`."""

    def __init__(self, clock: Clock, loggers: LoggerFactory, metrics: JobMetrics) -> None:
        self._clock = clock
        self._loggers = loggers
        self._metrics = metrics

    def source(self, name: str, settings: Settings) -> Source:
        """Return a new source of this name; raises `ConfigError`."""
        return build_source(name, settings.sources[name], self._clock)

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
                silence_s=POLLS_IN_A_ROW * section.timeout + DISK_S,
            )
        # One at a time, so that the lines of the log stand in the order in which things happened.
        return Outlet(sink, section.event_filter(), concurrency=1)

    def _sink(self, name: str, section: SinkSettings, sources: Iterable[str]) -> Sink:
        match section:
            case LogSinkSettings():
                return LogSink(name, self._loggers.event_logger(name), self._loggers.stream)
            case MetricsSinkSettings():
                return MetricsSink(name, self._metrics, sources)
            case WebhookSinkSettings():
                return Webhook(
                    name,
                    str(section.url),
                    [secret.get_secret_value() for secret in section.secrets],
                    self._clock,
                    client=build_webhook_client(section),
                    headers={header: value.get_secret_value() for header, value in section.headers.items()},
                )
            case _:
                assert_never(section)


def build_source(name: str, section: SourceSettings, clock: Clock, tap: Tap | None = None) -> Source:
    """Return a new source with an HTTP client of its own, which tells `tap` of each answer; raises `ConfigError`."""
    client = _http_client(section)
    if tap is not None:
        client = TappedClient(client, tap)
    match section:
        case NebulaExplorerSettings():
            return NebulaExplorer(
                name,
                str(section.base_url),
                account=section.account,
                password=section.password.get_secret_value(),
                graphd_address=section.graphd.address,
                graphd_port=section.graphd.port,
                client=client,
                clock=clock,
            )
        case TelestreamUpSettings():
            return TelestreamUp(
                name,
                str(section.base_url),
                api_key=section.api_key.get_secret_value(),
                client=client,
                clock=clock,
            )
        case HttpJsonSettings():
            return HttpJson(
                name, str(section.base_url), section, credentials=section.credentials(), client=client, clock=clock
            )
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


def _http_client(section: SourceSettings) -> HttpClient:
    options = HttpOptions(
        connect_timeout_s=section.timeout.connect,
        read_timeout_s=section.timeout.read,
        total_timeout_s=section.timeout.total,
        max_body=section.max_body,
        connections=section.poll.concurrency,
        tls=Tls(section.tls.ca_file, section.tls.cert_file, section.tls.key_file),
        proxy=None if section.proxy is None else str(section.proxy),
        user_agent=f"jobwatchd/{version('jobwatchd')}",
    )
    return build_http_client(section.http_client, options)


def build_webhook_client(section: WebhookSinkSettings) -> HttpClient:
    """Return a new HTTP client for a webhook, which has one bound for a whole attempt; raises `ConfigError`."""
    options = HttpOptions(
        connect_timeout_s=section.timeout,
        read_timeout_s=section.timeout,
        total_timeout_s=section.timeout,
        # An answer is read only so that its connection can be used again.
        max_body=MAX_WEBHOOK_ANSWER,
        cut_body=True,
        connections=section.concurrency,
        tls=Tls(section.tls.ca_file),
        user_agent=f"jobwatchd/{version('jobwatchd')}",
        idle_s=WEBHOOK_IDLE_S,
        failures=FOR_SINKS,
    )
    return build_http_client(section.http_client, options)
