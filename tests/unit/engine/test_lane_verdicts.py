"""What a lane tells when a source or a job cannot be seen."""

import pytest

from jobwatchd.engine.runtime import LanePolicy, LostAfter
from jobwatchd.engine.source_limiter import OPEN_AFTER
from jobwatchd.errors import BadPayload, JobNotFound, SourceError, SourceRejected, SourceUnauthorized, SourceUnavailable
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.testing import ScriptedSource
from unit.engine.rig import Rig

JOB = JobReference.of("graph", ["0"])
RUNNING = Observation(State.RUNNING, "1")
AWAY = SourceUnavailable("connection refused")
GONE = JobNotFound("no such job")
BRISK = Cadence(fixed_interval_s=2.0, min_interval_s=2.0, max_interval_s=10.0, jitter=0.0)


@pytest.fixture
def source() -> ScriptedSource:
    """Return a source where job 0 runs for ever."""
    source = ScriptedSource("graph")
    source.script(JOB, RUNNING)
    return source


async def test_a_job_is_lost_after_some_not_founds_over_a_grace_time(rig: Rig, source: ScriptedSource) -> None:
    """Neither many not-founds in a short time nor a long time with few of them are enough."""
    rig.luck = 1.0
    lane = await rig.lane(source, LanePolicy(lost_after=LostAfter(3, 30.0)), BRISK)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        source.script(JOB, GONE)
        await rig.clock.advance(1 + 30.9)  # missing since second 2, asked at 4, 8, 16, 26
        assert await rig.events() == ["job.running"]
        await rig.clock.advance(10)
        assert await rig.events() == ["job.running", "job.lost"]
        assert rig.told[-1].detail == "not found 6 times over 34 s"
        assert len(lane) == 0


@pytest.mark.parametrize("other", [AWAY, BadPayload("no JSON"), SourceRejected("HTTP 403"), RUNNING])
async def test_only_not_founds_in_a_row_count(
    rig: Rig, source: ScriptedSource, other: Observation | SourceError
) -> None:
    """Anything else in between starts the count anew: an unreachable source or a bad answer loses no job."""
    rig.luck = 1.0
    source.script(JOB, *[GONE, GONE, other] * 20, RUNNING)
    lane = await rig.lane(source, LanePolicy(lost_after=LostAfter(3, 0.0), unreachable_after_s=1e9), BRISK)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(3600)

    assert set(await rig.events()) == {"job.running"}


async def test_a_lost_job_that_comes_back_is_reopened(rig: Rig, source: ScriptedSource) -> None:
    """While it lingers it is still looked for, and goes on under rising numbers."""
    source.script(JOB, RUNNING, GONE, GONE, RUNNING)
    lane = await rig.lane(source, LanePolicy(lost_after=LostAfter(2, 0.0)), Cadence(jitter=0.0, linger_s=600.0))
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(600)

    assert await rig.events() == ["job.running", "job.lost", "job.reopened", "job.running"]
    assert [event.sequence for event in rig.told] == [1, 2, 3, 4]


@pytest.mark.parametrize("error", [AWAY, SourceUnauthorized("token refused")])
async def test_an_unreachable_source_is_told_once_and_recovers_once(
    rig: Rig, source: ScriptedSource, error: SourceError
) -> None:
    """Not before the bound, no more often however long it lasts, and no job is said to have failed or been lost."""
    lane = await rig.lane(source, LanePolicy(unreachable_after_s=60.0), BRISK)
    lane.add(await rig.add("graph", "0", "1", "2"))
    for job in "12":
        source.script(JobReference.of("graph", [job]), RUNNING)
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        for job in "012":
            source.script(JobReference.of("graph", [job]), error)
        await rig.clock.advance(1 + 59.9)
        assert await rig.events() == ["job.running"] * 3
        await rig.clock.advance(0.2)
        assert await rig.events() == ["job.running"] * 3 + ["source.unreachable"]
        assert rig.metric("jobwatchd_source_up", source="graph") == 0
        await rig.clock.advance(3600)
        assert len(await rig.events()) == 4
        for job in "012":
            source.script(JobReference.of("graph", [job]), RUNNING)
        await rig.clock.advance(60)

    assert (await rig.events())[3:] == ["source.unreachable", "source.recovered"]
    assert rig.metric("jobwatchd_source_up", source="graph") == 1
    assert (rig.told[3].detail, rig.told[3].subject) == (str(error), "graph")
    assert [entry["event"] for entry in rig.log.entries] == ["source.failing", "source.answers"]


async def test_a_short_outage_is_not_told(rig: Rig, source: ScriptedSource) -> None:
    """What was over before the bound is no event."""
    source.script(JOB, *[AWAY] * 8, RUNNING)
    lane = await rig.lane(source, LanePolicy(unreachable_after_s=3600.0), BRISK)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(3500)

    assert await rig.events() == ["job.running"]


async def test_an_answer_about_another_job_is_recovery_too(rig: Rig, source: ScriptedSource) -> None:
    """A source that says not found is there."""
    source.script(JOB, *[AWAY] * 30, GONE)
    lane = await rig.lane(source, LanePolicy(unreachable_after_s=10.0, lost_after=LostAfter(3, 1e9)), BRISK)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(3600)

    assert await rig.events() == ["source.unreachable", "source.recovered"]


async def test_an_outage_across_a_restart_is_told_once(rig: Rig, source: ScriptedSource) -> None:
    """The new process knows that it was told, probes with one poll at a time, and tells the recovery once."""
    source.script(JOB, AWAY)
    watches = await rig.add("graph", "0", "1", "2", "3")
    first = await rig.lane(source, LanePolicy(unreachable_after_s=10.0), BRISK)
    first.add(watches)
    async with rig.running(first.run):
        for job in "123":
            source.script(JobReference.of("graph", [job]), AWAY)
        await rig.clock.advance(100)
    assert await rig.events() == ["source.unreachable"]

    source.polls.clear()
    second = await rig.lane(source, LanePolicy(unreachable_after_s=10.0), BRISK)
    assert rig.metric("jobwatchd_source_up", source="graph") == 0
    second.add(watches)
    async with rig.running(second.run):
        await rig.clock.advance(0.01)
        assert len(source.polls) == 1
        await rig.clock.advance(100)
        assert await rig.events() == ["source.unreachable"]
        for job in "0123":
            source.script(JobReference.of("graph", [job]), RUNNING)
        await rig.clock.advance(60)

    assert (await rig.events())[:2] == ["source.unreachable", "source.recovered"]
    assert sorted((await rig.events())[2:]) == ["job.running"] * 4


async def test_a_dead_source_is_probed_by_one_job_at_a_time(rig: Rig, source: ScriptedSource) -> None:
    """A hundred jobs on a dead source cost it a probe each half minute, not a hundred polls."""
    rig.luck = 1.0
    jobs = [str(number) for number in range(100)]
    for job in jobs:
        source.script(JobReference.of("graph", [job]), AWAY)
    lane = await rig.lane(source, LanePolicy(concurrency=1), BRISK)
    lane.add(await rig.add("graph", *jobs))
    async with rig.running(lane.run):
        await rig.clock.advance(3600)

    assert len(source.polls) == pytest.approx(OPEN_AFTER + 5 + 3600 / 30, abs=5)
    assert rig.heartbeats.problems() == []


async def test_a_removed_watch_does_not_take_the_only_probe(rig: Rig, source: ScriptedSource) -> None:
    """When the jobs that are due were removed meanwhile, the next one probes, and the lane lives on."""
    jobs = [str(number) for number in range(20)]
    for job in jobs:
        source.script(JobReference.of("graph", [job]), AWAY)
    lane = await rig.lane(source, LanePolicy(concurrency=1), BRISK)
    watches = await rig.add("graph", *jobs)
    lane.add(watches)
    async with rig.running(lane.run):
        await rig.clock.advance(0.1)
        for watch in watches[:-1]:
            lane.remove(watch.id)
        source.script(watches[-1].ref, RUNNING)
        await rig.clock.advance(120)

    assert await rig.events() == ["job.running"]
