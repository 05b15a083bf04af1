"""Builds everything from the settings; the only place that names concrete adapters.

- `daemon`: the daemon, and whether it could be built; `one_shot_wait`: waiting for jobs without one
- `engine`: the engine, on whatever store
"""

from collections.abc import Mapping

from jobwatchd.engine.runtime import LanePolicy, LostAfter, SinkBinding
from jobwatchd.http.wrappers import Tap
from jobwatchd.kinds.clients import Clients
from jobwatchd.kinds.sink import LocalOutput, SinkContext
from jobwatchd.kinds.source import SourceContext, SourceSection
from jobwatchd.logs import LoggerFactory, QueuedOutput
from jobwatchd.ports import Clock, Source
from jobwatchd.rotation import Rotating, Rotation
from jobwatchd.settings import Settings
from jobwatchd.settings.server import ServerSettings, tokens_recipe
from jobwatchd.telemetry import JobMetrics

# A poll may renew a token and be repeated, and on a slow disk a watch or a page of deliveries takes a while to be read;
# only then does a loop look stuck.
POLLS_IN_A_ROW = 3
DISK_S = 30.0


class Adapters:
    """Builds sources and sinks; implements `app.dependencies.AdapterFactory`."""

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
        output = LocalOutput(self._loggers, self._output, self._metrics, tuple(settings.sources))
        policy = section.delivery_policy()
        return SinkBinding(
            section.build(SinkContext(name, self._clock, self._clients, output)),
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


def lane_policy(section: SourceSection) -> LanePolicy:
    """Return how a source is polled."""
    poll = section.poll
    return LanePolicy(
        concurrency=poll.concurrency,
        rate=poll.rate,
        cadence=poll.cadence(),
        lost_after=LostAfter(poll.lost_after.not_found, poll.lost_after.grace),
        unreachable_after_s=poll.unreachable_after,
        hint_bound_s=poll.hint_bound,
        silence_s=POLLS_IN_A_ROW * section.attempt_s() + DISK_S,
    )
