"""Twenty jobs that one list shows, all running."""

from dataclasses import replace

from jobwatchd.engine.lane import Lane
from jobwatchd.engine.runtime import LanePolicy
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.testing import ScriptedSource
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1", group="nightly")
DONE = replace(RUNNING, state=State.SUCCEEDED, native_state="2")
EVERY_10_S = Cadence(fixed_interval_s=10.0, jitter=0.1)
JOBS = [str(number) for number in range(20)]


def ref(job: str) -> JobReference:
    """Return the reference of a job."""
    return JobReference.of("graph", [job])


async def watched(rig: Rig, source: ScriptedSource, *jobs: str, policy: LanePolicy | None = None) -> Lane:
    """Return a lane that watches these jobs, all twenty by default."""
    lane = await rig.lane(source, policy, EVERY_10_S)
    lane.add(await rig.add("graph", *(jobs or JOBS)), spread=True)
    return lane
