"""Builds everything from the settings; the only place that names concrete adapters.

- `daemon`: the daemon, and whether it could be built; `one_shot_wait`: waiting for jobs without one
- `engine`: the engine, on whatever store
- `clients`: the HTTP clients of sources and sinks
"""

from collections.abc import Iterable, Mapping
from math import inf
from typing import assert_never

from jobwatchd.engine.lane_policy import LanePolicy, LostAfter
from jobwatchd.engine.sink_binding import SinkBinding
from jobwatchd.http.tap import Tap, TappedClient
from jobwatchd.logs import LoggerFactory, QueuedOutput
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.ports import Clock, Sink, Source
from jobwatchd.rotation import Rotating, Rotation
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
from jobwatchd.telemetry import JobMetrics
from jobwatchd.wiring.clients import Clients

# A poll may renew a token and be repeated, and on a slow disk a watch or a page of deliveries takes a while to be read;
# only then does a loop look stuck.
POLLS_IN_A_ROW = 3
DISK_S = 30.0
# So many lines wait for one write, which keeps them in their order.
LOG_CONCURRENCY = 128
LOG_RETRY = Retry(Backoff(first_s=1.0, factor=2.0, longest_s=30.0))


class Adapters:
    """Builds sources and sinks; implements `app.wiring.AdapterFactory`."""

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

    def lane_policy(self, name: str, settings: Settings) -> LanePolicy:
        """Return how that source is polled."""
        return lane_policy(settings.sources[name])

    def binding(self, name: str, settings: Settings) -> SinkBinding:
        """Return a new sink of this name, with its filter and retries; raises `ConfigError`."""
        section = settings.sinks[name]
        sink = self._sink(name, section, settings.sources)
        if isinstance(section, WebhookSinkSettings):
            return SinkBinding(
                sink,
                section.event_filter(),
                section.delivery_retry(),
                concurrency=section.concurrency,
                silence_s=POLLS_IN_A_ROW * section.timeout.total + DISK_S,
            )
        # Whoever reads the log may be as slow as he likes, and tells nobody when he goes on.
        return SinkBinding(sink, section.event_filter(), LOG_RETRY, concurrency=LOG_CONCURRENCY, silence_s=inf)

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
        authentication=None if section.auth.kind == "none" else clients.authentication_of_webhook(name, section, clock),
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


def lane_policy(section: SourceSettings) -> LanePolicy:
    """Return how a source is polled."""
    poll = section.poll
    return LanePolicy(
        concurrency=poll.concurrency,
        rate=poll.rate,
        cadence=poll.cadence(),
        lost_after=LostAfter(poll.lost_after.not_found, poll.lost_after.grace),
        unreachable_after_s=poll.unreachable_after,
        hint_bound_s=poll.hint_bound,
        silence_s=POLLS_IN_A_ROW * section.timeout.total + DISK_S,
    )
