"""Adding jobs to a simulated API."""

from datetime import timedelta

import pytest

from jobwatchd.simulator.nebula import NebulaSimulator
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.telestream import TelestreamSimulator
from jobwatchd.testing import FakeClock


@pytest.mark.parametrize("api", [NebulaSimulator, TelestreamSimulator])
def test_the_same_seed_gives_the_same_jobs(api: type[NebulaSimulator | TelestreamSimulator]) -> None:
    """Names, lives and tasks can be repeated; another seed gives other lives under the same names."""
    fleets = []
    for seed in (1, 1, 2):
        simulator = api(FakeClock(), seed=seed)
        simulator.world.roster.add(JobSpec(count=20))
        fleets.append(list(simulator.world.roster))
    assert fleets[0] == fleets[1] != fleets[2]
    assert [job.key for job in fleets[0]] == [job.key for job in fleets[2]]


def test_keys_are_those_of_job_references() -> None:
    """A key is what a reference holds: an Explorer job's number, and UP's space, workflow and job."""
    nebula, telestream = NebulaSimulator(FakeClock()), TelestreamSimulator(FakeClock())
    assert nebula.world.roster.add(JobSpec(job_id="1964")) == ["1964"]
    assert telestream.world.roster.add(JobSpec(space_id="s", workflow_id="w", job_id="j")) == ["s/w/j"]


def test_a_job_has_an_age() -> None:
    """It was created that long ago, or is yet to be created when the age is negative."""
    clock = FakeClock()
    simulator = NebulaSimulator(clock)
    simulator.world.roster.add(JobSpec(job_id="1", age_s=60))
    simulator.world.roster.add(JobSpec(job_id="2", age_s=-60))
    assert simulator.world.roster.find("1", clock.now()) is not None
    assert simulator.world.roster.find("2", clock.now()) is None
    assert simulator.world.roster.find("2", clock.now() + timedelta(seconds=60)) is not None


def test_a_job_called_summary_is_refused() -> None:
    """Its path would be another endpoint's."""
    with pytest.raises(ValueError, match="summary"):
        TelestreamSimulator(FakeClock()).world.roster.add(JobSpec(job_id="summary"))
