"""The parts of the engine that live as long as the process."""

from dataclasses import dataclass

from anyio.abc import TaskGroup

from jobwatchd.engine.commits import AttemptRecorder, Commits
from jobwatchd.engine.dispatcher import Dispatcher
from jobwatchd.engine.housekeeping import Housekeeping
from jobwatchd.engine.lane import Lane
from jobwatchd.engine.runtime import LanePolicy, Runtime
from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.ports import Source, Store


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that polls, writes, delivers and tidies up; put together by `wiring.engine`."""

    runtime: Runtime
    store: Store
    commits: Commits
    recorder: AttemptRecorder
    dispatcher: Dispatcher
    watchlist: Watchlist
    housekeeping: Housekeeping

    def start(self, tasks: TaskGroup) -> None:
        """Write what is submitted from now on, in `tasks`; the rest begins on demand."""
        tasks.start_soon(self.commits.run)
        tasks.start_soon(self.recorder.run)

    async def lane(self, source: Source, policy: LanePolicy) -> Lane:
        """Return a lane for a source, with nothing to poll yet; raises what the store raises."""
        health = await self.store.load_source(source.name, self.runtime.clock.now())
        return Lane(self.runtime, source, policy, health, store=self.store, commits=self.commits)
