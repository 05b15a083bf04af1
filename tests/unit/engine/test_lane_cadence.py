"""When a lane polls."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from jobwatchd.engine.lane import CATCH_UP_S
from jobwatchd.engine.runtime import LanePolicy
from jobwatchd.errors import BadPayload, SourceError, SourceRateLimited, SourceRejected, SourceUnavailable
from jobwatchd.model.cadence import Cadence
from jobwatchd.model.job import JobReference, Observation, State
from jobwatchd.model.watch import Policy
from jobwatchd.ports import Sighting
from jobwatchd.testing import FakeClock, ScriptedSource
from unit.engine.rig import Rig

RUNNING = Observation(State.RUNNING, "1")
DONE = Observation(State.SUCCEEDED, "2")
STEADY = Cadence(min_interval_s=2.0, max_interval_s=60.0, age_fraction=0.05, jitter=0.0)


class TimedSource(ScriptedSource):
    """A scripted source that notes when each job was polled."""

    def __init__(self, clock: FakeClock, name: str = "graph") -> None:
        super().__init__(name)
        self._clock = clock
        self.times: dict[str, list[float]] = {}

    async def observe(self, ref: JobReference, digest: int) -> Sighting:
        """Note the time, then answer."""
        self.times.setdefault(ref.job, []).append(self._clock.monotonic())
        return await super().observe(ref, digest)


@pytest.fixture
def source(rig: Rig) -> TimedSource:
    """Return a source where jobs 0 to 999 run for ever."""
    source = TimedSource(rig.clock)
    for number in range(1000):
        source.script(JobReference.of("graph", [str(number)]), RUNNING)
    return source


def gaps(times: Sequence[float]) -> list[float]:
    """Return the seconds between these times."""
    return [later - earlier for earlier, later in pairwise(times)]


async def test_a_long_job_is_polled_less_and_less(rig: Rig, source: TimedSource) -> None:
    """Over hours the interval stays a twentieth of the age, between two seconds and a minute."""
    lane = await rig.lane(source, cadence=STEADY)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(4 * 3600)

    times = source.times["0"]
    for age_s, gap_s in zip(times, gaps(times), strict=False):
        assert gap_s == pytest.approx(max(2.0, min(0.05 * age_s, 60.0)), abs=0.02)
    assert len(times) == pytest.approx(20 + 68 + 220, abs=5)
    assert await rig.events() == ["job.running"]
    assert rig.metric("jobwatchd_polls_total", source="graph", mode="single") == len(times)


async def test_a_change_of_state_makes_polls_frequent_again(rig: Rig, source: TimedSource) -> None:
    """The interval counts from the state, not from the job's beginning."""
    ref = JobReference.of("graph", ["0"])
    lane = await rig.lane(source, cadence=STEADY)
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(3600)
        source.script(ref, Observation(State.STOPPING, "5"))
        await rig.clock.advance(61)
        assert await rig.events() == ["job.running", "job.stopping"]
        source.times.clear()
        await rig.clock.advance(10)

    assert len(source.times["0"]) >= 4


async def test_first_polls_after_a_start_are_spread(rig: Rig, source: TimedSource) -> None:
    """A thousand jobs do not fall on the source in one moment, and none waits longer than its interval."""
    rig.jitter = Random(1).random
    lane = await rig.lane(source, LanePolicy(concurrency=1000), STEADY)
    lane.add(await rig.add("graph", *map(str, range(1000))), spread=True)
    async with rig.running(lane.run):
        await rig.clock.advance(2.0)

    first = [times[0] for times in source.times.values()]
    assert len(first) == 1000
    assert max(first) > 1.9
    assert max(Counter(int(at_s * 10) for at_s in first).values()) < 80


async def test_what_happened_during_a_stop_is_seen_soon(rig: Rig, source: TimedSource) -> None:
    """A job that is hours old is looked at every half an hour, but within minutes of a start."""
    rig.jitter = Random(1).random
    lane = await rig.lane(source, LanePolicy(concurrency=1000))
    watches = await rig.add("graph", *map(str, range(100)))
    await rig.clock.advance(20 * 3600)
    lane.add(watches, spread=True)
    began_s = rig.clock.monotonic()
    async with rig.running(lane.run):
        await rig.clock.advance(CATCH_UP_S + 1)

    first = [times[0] - began_s for times in source.times.values()]
    assert len(first) == 100
    assert CATCH_UP_S * 0.9 < max(first) <= CATCH_UP_S + 0.1


async def test_the_spread_respects_the_rate(rig: Rig, source: TimedSource) -> None:
    """With ten polls a second a hundred first polls are spread over ten seconds."""
    rig.jitter = Random(1).random
    lane = await rig.lane(source, LanePolicy(rate=10.0), STEADY)
    lane.add(await rig.add("graph", *map(str, range(100))), spread=True)
    async with rig.running(lane.run):
        await rig.clock.advance(1)

    assert 3 <= len(source.polls) <= 11


async def test_a_new_watch_is_polled_at_once(rig: Rig, source: TimedSource) -> None:
    """What is added at run time does not wait."""
    lane = await rig.lane(source, cadence=STEADY)
    async with rig.running(lane.run):
        await rig.clock.advance(7)
        lane.add(await rig.add("graph", "0"))
        await rig.clock.advance(0.02)

    assert source.times["0"][0] == pytest.approx(7, abs=0.011)


@pytest.mark.parametrize("longest_s", [60.0, 1800.0])
async def test_a_failing_job_is_asked_less_and_less(rig: Rig, source: TimedSource, longest_s: float) -> None:
    """Errors back off exponentially with jitter, up to a minute whatever its age; the first answer ends that."""
    ref = JobReference.of("graph", ["0"])
    source.script(ref, BadPayload("no JSON"))
    rig.luck = 1.0
    lane = await rig.lane(source, cadence=replace(STEADY, max_interval_s=longest_s))
    lane.add(await rig.add("graph", "0"))
    async with rig.running(lane.run):
        await rig.clock.advance(300)
        assert gaps(source.times["0"]) == pytest.approx([2, 4, 8, 16, 32, 60, 60, 60], abs=0.1)
        source.script(ref, RUNNING)
        await rig.clock.advance(60)
        source.times.clear()
        await rig.clock.advance(10)
        assert max(gaps(source.times["0"])) < 4.0

    assert rig.metric("jobwatchd_polls_failed_total", source="graph", reason="bad_payload") == 9
    assert [entry["event"] for entry in rig.log.entries] == ["poll.failed"]


@pytest.mark.parametrize("error", [BadPayload("no JSON"), SourceRejected("HTTP 403")])
async def test_one_bad_job_does_not_hurt_others(rig: Rig, source: TimedSource, error: SourceError) -> None:
    """However often one job cannot be read, the others are polled as ever, and the source counts as up."""
    source.script(JobReference.of("graph", ["0"]), error)
    rig.luck = 0.01  # the bad job is asked again almost without a pause
    lane = await rig.lane(source, LanePolicy(unreachable_after_s=10), STEADY)
    lane.add(await rig.add("graph", "0", "1"))
    async with rig.running(lane.run):
        await rig.clock.advance(100)

    assert len(source.times["1"]) == pytest.approx(20 + 17, abs=5)
    assert await rig.events() == ["job.running"]
    assert rig.metric("jobwatchd_source_up", source="graph") == 1


@pytest.mark.parametrize("error", [SourceRateLimited("busy", 120.0), SourceUnavailable("busy", 120.0)])
async def test_retry_after_pauses_the_whole_lane(rig: Rig, source: TimedSource, error: SourceError) -> None:
    """One job hears it, all jobs obey; afterwards all go on."""
    source.script(JobReference.of("graph", ["0"]), error, RUNNING)
    lane = await rig.lane(source, LanePolicy(concurrency=1), STEADY)
    lane.add(await rig.add("graph", "0", "1", "2"))
    async with rig.running(lane.run):
        await rig.clock.advance(119.9)
        assert [ref.job for ref in source.polls] == ["0"]
        await rig.clock.advance(1)
        assert {ref.job for ref in source.polls} == {"0", "1", "2"}


async def test_lanes_do_not_wait_for_each_other(rig: Rig, source: TimedSource) -> None:
    """While one source is dead the other is polled as ever."""
    dead = ScriptedSource("dead")
    dead.script(JobReference.of("dead", ["0"]), SourceUnavailable("refused"))
    lanes = [await rig.lane(dead), await rig.lane(source, cadence=STEADY)]
    lanes[0].add(await rig.add("dead", "0"))
    lanes[1].add(await rig.add("graph", "0"))
    async with rig.running(*(lane.run for lane in lanes)):
        await rig.clock.advance(40)

    assert len(source.times["0"]) == pytest.approx(20, abs=2)


async def test_a_deadline_is_told_in_time(rig: Rig, source: TimedSource) -> None:
    """Also where the answers are all the same, and the next regular poll would be later."""
    lane = await rig.lane(source, cadence=STEADY)
    lane.add(await rig.add("graph", "0", policy=Policy(deadline_s=3601.0)))
    async with rig.running(lane.run):
        await rig.clock.advance(3600.9)
        assert await rig.events() == ["job.running"]
        await rig.clock.advance(0.2)
        assert await rig.events() == ["job.running", "job.overdue"]
        await rig.clock.advance(3600)
        assert await rig.events() == ["job.running", "job.overdue"]


@pytest.mark.parametrize(("linger_s", "polls"), [(0.0, 1), (300.0, 6)])
async def test_an_ended_job_is_polled_while_it_lingers(
    rig: Rig, source: TimedSource, linger_s: float, polls: int
) -> None:
    """Then the lane lets go of it, and asks no more."""
    source.script(JobReference.of("graph", ["0"]), DONE)
    lane = await rig.lane(source, cadence=Cadence(jitter=0.0, linger_s=linger_s))
    (watch,) = await rig.add("graph", "0")
    lane.add([watch])
    async with rig.running(lane.run):
        await rig.clock.advance(3600)

    assert (len(source.polls), len(lane)) == (polls, 0)
    assert await rig.events() == ["job.succeeded"]
    lane.add([await rig.stored(watch.id)])
    assert len(lane) == 0


async def test_new_limits_hold_from_the_next_poll_on(rig: Rig, source: TimedSource) -> None:
    """A reload makes polls rarer without losing a watch."""
    lane = await rig.lane(source, cadence=STEADY)
    lane.add(await rig.add("graph", "0", "1"))
    async with rig.running(lane.run):
        await rig.clock.advance(1)
        lane.configure(LanePolicy(rate=0.1, cadence=Cadence(fixed_interval_s=30.0, jitter=0.0)))
        await rig.clock.advance(15)
        source.polls.clear()
        await rig.clock.advance(60)

    assert 3 <= len(source.polls) <= 5
    assert {ref.job for ref in source.polls} == {"0", "1"}
