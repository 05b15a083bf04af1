"""Builds everything from the settings; the only place that names concrete adapters.

- `clients`: the HTTP clients of sources and sinks
"""

import os
import random
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from math import inf
from typing import TYPE_CHECKING, assert_never

from prometheus_client import disable_created_metrics

from jobwatchd.app.patience import Patience
from jobwatchd.app.waiting import Onlooker, Waiting
from jobwatchd.clock import SystemClock
from jobwatchd.engine.delivery import Outlet
from jobwatchd.engine.limits import LaneLimits
from jobwatchd.engine.poller import LostAfter
from jobwatchd.http.memory import Memory
from jobwatchd.http.tap import Tap, TappedClient
from jobwatchd.instruments import Registry
from jobwatchd.logs import Format, LoggerFactory, QueuedOutput, configure_logging, silent_logger
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.ports import Clock, Sink, Source, Store
from jobwatchd.redaction import SECRETS
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
from jobwatchd.sinks.log.sink import LogSink
from jobwatchd.sinks.metrics.sink import MetricsSink
from jobwatchd.sinks.webhook.endpoint import Endpoint
from jobwatchd.sinks.webhook.sink import Webhook
from jobwatchd.sources.http_json.source import HttpJson
from jobwatchd.sources.nebula_explorer.source import NebulaExplorer
from jobwatchd.sources.telestream_up.source import TelestreamUp
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import JobMetrics, Telemetry
from jobwatchd.wiring.clients import Clients

if TYPE_CHECKING:
    from jobwatchd.app.daemon import Daemon

# A poll may renew a token and be repeated, and on a slow disk a watch or a page of deliveries takes a while to be read;
# only then does a loop look stuck.
POLLS_IN_A_ROW = 3
DISK_S = 30.0
STDERR = 2
# So many lines wait for one write, which keeps them in their order.
LOG_CONCURRENCY = 128
LOG_RETRY = Retry(Backoff(first_s=1.0, factor=2.0, longest_s=30.0))


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
        sink = self._sink(name, section, settings.sources)
        if isinstance(section, WebhookSinkSettings):
            return Outlet(
                sink,
                section.event_filter(),
                section.delivery_retry(),
                concurrency=section.concurrency,
                silence_s=POLLS_IN_A_ROW * section.timeout.total + DISK_S,
            )
        # Whoever reads the log may be as slow as he likes, and tells nobody when he goes on.
        return Outlet(sink, section.event_filter(), LOG_RETRY, concurrency=LOG_CONCURRENCY, silence_s=inf)

    def tokens(self, settings: Settings) -> Mapping[str, str]:
        """Return the tokens that the API takes, by their names, as their file has them now."""
        if settings.server is not self._server:
            self._server = settings.server
            self._tokens.close()
            self._tokens = self._clients.rotation.follow(tokens_recipe(settings.server), settings.server.named_tokens)
        return self._tokens.value

    def _sink(self, name: str, section: SinkSettings, sources: Iterable[str]) -> Sink:
        match section:
            case LogSinkSettings():
                return LogSink(name, self._loggers.event_logger(name), self._output, self._clock)
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
