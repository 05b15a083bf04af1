"""The loops of the engine, put together."""

from anyio.abc import TaskGroup

from jobwatchd.app.parts import Parts
from jobwatchd.engine.attempt_recorder import AttemptRecorder
from jobwatchd.engine.commits import Commits
from jobwatchd.engine.dispatcher import Dispatcher
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.housekeeping import Housekeeping, Retention
from jobwatchd.engine.lane import Lane
from jobwatchd.engine.retrying_store import RetryingStore
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.store_outage import StoreOutage
from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.ports import Source
from jobwatchd.settings import Settings

# Short beside any poll interval: how much later a change is committed, so that others go with it.
COMMIT_DELAY_S = 0.02
# What a crash may cost: events of so long are sent again.
RECORD_DELAY_S = 0.05


class Loops:
    """Everything that polls, writes, delivers and tidies up; `start` begins what writes, the rest begins on demand."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.heartbeats = Heartbeats(parts.clock, parts.telemetry)
        self._runtime = runtime = Runtime(parts.clock, parts.jitter, parts.logger, parts.telemetry, self.heartbeats)
        self.store = store = RetryingStore(parts.store, StoreOutage(runtime), parts.clock)
        self.recorder = AttemptRecorder(runtime, store, RECORD_DELAY_S)
        self.dispatcher = Dispatcher(runtime, store, self.recorder)
        self.commits = Commits(runtime, store, self.dispatcher.route, self.dispatcher.on_committed, COMMIT_DELAY_S)
        self.watchlist = Watchlist(store, parts.clock, parts.settings.reference)
        self.housekeeping = Housekeeping(runtime, retention(parts.settings), store, self.dispatcher)

    def start(self, tasks: TaskGroup) -> None:
        """Write what is submitted from now on."""
        tasks.start_soon(self.commits.run)
        tasks.start_soon(self.recorder.run)

    async def lane(self, source: Source, settings: Settings) -> Lane:
        """Return a lane for a source, with nothing to poll yet; raises what the store raises."""
        parts = self._parts
        return Lane(
            self._runtime,
            source,
            parts.builder.limits(source.name, settings),
            settings.sources[source.name].poll.cadence(),
            await self.store.load_source(source.name, parts.clock.now()),
            store=self.store,
            commits=self.commits,
        )


def retention(settings: Settings) -> Retention:
    """Return how long ended watches and told events are kept."""
    store = settings.store
    return Retention(store.keep_finished, store.keep_events, store.keep_undeliverable)
