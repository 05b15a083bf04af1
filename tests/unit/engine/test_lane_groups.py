"""Looking at the jobs of one list together."""

from collections.abc import Collection

import pytest

from jobwatchd.engine.source_limiter import OPEN_AFTER
from jobwatchd.errors import BadPayload, SourceUnavailable
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Policy
from jobwatchd.ports import Listing
from jobwatchd.testing import ScriptedSource
from unit.engine.nightly import DONE, EVERY_10_S, JOBS, RUNNING, ref, watched
from unit.engine.rig import Rig


@pytest.fixture
def source() -> ScriptedSource:
    """Return a source with twenty jobs in one list, all running for ever."""
    source = ScriptedSource("graph")
    for job in JOBS:
        source.script(ref(job), RUNNING)
    return source


async def test_the_jobs_of_a_list_take_one_request_an_interval(rig: Rig, source: ScriptedSource) -> None:
    """After the first single look, twenty jobs cost one list every ten seconds, whenever each was due at first."""
    lane = await watched(rig, source)
    async with rig.running(lane.run):
        await rig.clock.advance(20)
        source.lists.clear()
        source.polls.clear()
        await rig.clock.advance(600)
    assert len(source.lists) <= 66
    assert source.polls == []
    assert {len(refs) for _, refs in source.lists} == {20}


async def test_requests_are_counted_by_mode(rig: Rig, source: ScriptedSource) -> None:
    """A list counts as the requests that it took."""
    lane = await watched(rig, source)
    async with rig.running(lane.run):
        await rig.clock.advance(30)
    assert rig.metric("jobwatchd_polls_total", source="graph", mode="single") == len(source.polls)
    assert rig.metric("jobwatchd_polls_total", source="graph", mode="list") == len(source.lists)


async def test_a_job_that_is_alone_in_its_list_is_looked_at_singly(rig: Rig, source: ScriptedSource) -> None:
    """A list of one is no gain."""
    lane = await watched(rig, source, "7")
    async with rig.running(lane.run):
        await rig.clock.advance(100)
    assert (source.lists, len(source.polls)) == ([], 10)


async def test_a_job_that_moved_is_looked_at_singly_and_told_at_once(rig: Rig, source: ScriptedSource) -> None:
    """The list has no tasks; the single answer does."""
    lane = await watched(rig, source)
    async with rig.running(lane.run):
        await rig.clock.advance(20)
        source.script(ref("7"), DONE)
        source.polls.clear()
        await rig.clock.advance(11)
    assert source.polls == [ref("7")]
    assert [event.type for event in rig.told if event.ref == ref("7")] == ["job.running", "job.succeeded"]


async def test_a_job_that_the_list_does_not_show_is_looked_at_singly(rig: Rig, source: ScriptedSource) -> None:
    """It has slipped off the list, not out of the world."""

    class Short(ScriptedSource):
        async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
            found, requests, _ = await super().observe_many(group, refs)
            return Listing({job: seen for job, seen in found.items() if job != ref("7")}, requests)

    short = Short("graph")
    short._scripts = source._scripts
    lane = await watched(rig, short)
    async with rig.running(lane.run):
        await rig.clock.advance(20)
        short.polls.clear()
        await rig.clock.advance(300)
    assert set(short.polls) == {ref("7")}
    assert 25 <= len(short.polls) <= 35
    assert not [event for event in rig.told if event.type == "job.lost"]


async def test_a_list_that_cannot_be_read_is_no_harm(rig: Rig, source: ScriptedSource) -> None:
    """Its jobs are looked at singly at once, and the list is tried again only now and then."""

    class Garbled(ScriptedSource):
        async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
            await super().observe_many(group, refs)
            raise BadPayload("not a list")

    garbled = Garbled("graph")
    garbled._scripts = source._scripts
    lane = await watched(rig, garbled)
    async with rig.running(lane.run):
        await rig.clock.advance(300)
    assert len(garbled.polls) >= 20 * 29
    assert 1 <= len(garbled.lists) <= 30
    assert rig.metric("jobwatchd_polls_failed_total", source="graph", reason="bad_payload") == len(garbled.lists)


async def test_a_source_that_is_down_is_not_asked_for_each_job(
    rig: Rig, source: ScriptedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that brings no answer says that the source is away; the jobs back off."""
    lane = await watched(rig, source)
    async with rig.running(lane.run):
        await rig.clock.advance(20)

        async def down(*_: object) -> Listing:
            raise SourceUnavailable("refused")

        monkeypatch.setattr(source, "observe_many", down)
        monkeypatch.setattr(source, "observe", down)
        source.polls.clear()
        await rig.clock.advance(70)
    assert [event.type for event in rig.told][-1] == "source.unreachable"
    assert rig.metric("jobwatchd_source_up", source="graph") == 0


async def test_a_deadline_is_told_though_the_list_shows_nothing_new(rig: Rig, source: ScriptedSource) -> None:
    """Overdue is a matter of time, not of change."""
    lane = await rig.lane(source, cadence=EVERY_10_S)
    lane.add(await rig.add("graph", *JOBS, policy=Policy(deadline_s=60.0)))
    async with rig.running(lane.run):
        await rig.clock.advance(75)
    assert sorted(event.subject for event in rig.told if event.type == "job.overdue") == sorted(
        f"graph/{job}" for job in JOBS
    )


async def test_a_watch_that_is_removed_leaves_its_group(rig: Rig, source: ScriptedSource) -> None:
    """It is asked for no more, and the last one left is polled singly."""
    lane = await watched(rig, source, "1", "2")
    async with rig.running(lane.run):
        await rig.clock.advance(30)
        lane.remove(1)
        source.lists.clear()
        source.polls.clear()
        await rig.clock.advance(60)
    assert len(source.lists) <= 1
    assert set(source.polls) == {ref("2")}


async def test_a_list_that_probes_a_source_and_cannot_be_read_is_not_waited_for(
    rig: Rig, source: ScriptedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the breaker is open and the first request through it is a list, polling goes on."""

    async def useless(*_: object) -> Listing:
        raise BadPayload("not a list")

    lane = await watched(rig, source)
    async with rig.running(lane.run):
        await rig.clock.advance(20)
        monkeypatch.setattr(source, "observe_many", useless)
        for _ in range(OPEN_AFTER):
            lane._limiter.failed(rig.clock.monotonic())
        source.polls.clear()
        await rig.clock.advance(60)
    assert set(source.polls) == {ref(job) for job in JOBS}
