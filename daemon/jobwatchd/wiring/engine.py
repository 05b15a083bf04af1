"""Puts the engine together, for the daemon, for waiting without one, and for tests."""

from dataclasses import dataclass
from typing import cast

from jobwatchd.engine.commits import AttemptRecorder, Commits
from jobwatchd.engine.dispatcher import Dispatcher
from jobwatchd.engine.engine import Engine
from jobwatchd.engine.housekeeping import Housekeeping, Retention
from jobwatchd.engine.retrying_store import RetryingStore, StoreOutage
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.watchlist import NameJob, Watchlist
from jobwatchd.ports import Store


@dataclass(frozen=True, slots=True)
class Delays:
    """For how many seconds the first of a transaction waits for others."""

    commits_s: float = 0.0
    attempts_s: float = 0.0


NO_DELAYS = Delays()
KEEP_LONG = Retention()


def build_engine(
    runtime: Runtime, store: Store, name_job: NameJob, retention: Retention = KEEP_LONG, delays: Delays = NO_DELAYS
) -> Engine:
    """Return an engine on a store, which is waited for while it cannot be used; nothing of it runs yet."""
    # For the type checker: that one has all calls of the port, though it does not spell them out.
    store = cast("Store", RetryingStore(store, StoreOutage(runtime), runtime.clock))
    recorder = AttemptRecorder(runtime, store, delays.attempts_s)
    dispatcher = Dispatcher(runtime, store, recorder)
    return Engine(
        runtime=runtime,
        store=store,
        commits=Commits(runtime, store, dispatcher, delays.commits_s),
        recorder=recorder,
        dispatcher=dispatcher,
        watchlist=Watchlist(store, runtime.clock, name_job),
        housekeeping=Housekeeping(runtime, retention, store, dispatcher),
    )
