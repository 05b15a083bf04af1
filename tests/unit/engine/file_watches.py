"""The watches of a configuration file, and a source whose jobs run for ever."""

from collections.abc import Mapping, Sequence

from anyio.abc import TaskGroup

from jobwatchd.engine.lane import Lane
from jobwatchd.engine.watchlist import Watchlist
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.watch import DEFAULT_POLICY, NO_LABELS, Misfit, Origin, Policy, Watch, WatchSpec
from jobwatchd.testing import ScriptedSource
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1")


def name_job(source: str, job: Mapping[str, str], _policy: Policy) -> JobReference:
    """Name jobs of one source, by one parameter."""
    if source != "graph":
        raise Misfit("source", f"there is no source {source!r}")
    return JobReference.of(source, [job["job_id"]])


def spec(
    job: str,
    origin: Origin = Origin.FILE,
    *,
    labels: Mapping[str, str] = NO_LABELS,
    policy: Policy = DEFAULT_POLICY,
) -> WatchSpec:
    """Return what the file, or somebody else, asks for."""
    return WatchSpec(JobReference.of("graph", [job]), labels, policy, origin)


def file(*specs: WatchSpec) -> dict[JobReference, WatchSpec]:
    """Return the watches of a configuration file."""
    return {each.ref: each for each in specs}


async def begin(watchlist: Watchlist, lane: Lane, watches: Sequence[Watch], tasks: TaskGroup) -> None:
    """Have a lane poll these watches."""
    await watchlist.place(lane)
    lane.add(watches, spread=True)
    watchlist.start(lane.source.name, tasks)


def scripted(*jobs: str) -> ScriptedSource:
    """Return a source where these jobs run for ever."""
    source = ScriptedSource("graph")
    for job in jobs:
        source.script(JobReference.of("graph", [job]), RUNNING)
    return source


async def stored(rig: Rig) -> dict[str, Watch]:
    """Return what the store holds, by job."""
    return {record.watch.ref.job: record.watch for record in await rig.store.list_watches(WatchQuery())}
