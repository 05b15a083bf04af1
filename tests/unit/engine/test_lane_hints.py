"""Sources that cannot list, but tell since when nothing moved."""

from collections.abc import Collection

import pytest

from jobwatchd.engine.runtime import LanePolicy
from jobwatchd.errors import BadPayload
from jobwatchd.model.job import JobReference
from jobwatchd.ports import Listing
from jobwatchd.testing import ScriptedSource
from unit.engine.nightly import DONE, JOBS, RUNNING, ref, watched
from unit.engine.rig import Rig


class Hinting(ScriptedSource):
    """A source that cannot list, but tells since when nothing moved."""

    quiet_since_s = 0.0

    async def observe_many(self, group: str, refs: Collection[JobReference]) -> Listing:
        """Find nothing."""
        self.lists.append((group, tuple(refs)))
        return Listing({}, 1, self.quiet_since_s)


@pytest.fixture
def hinting() -> Hinting:
    """Return the jobs behind a source that only hints."""
    hinting = Hinting("graph")
    for job in JOBS:
        hinting.script(ref(job), RUNNING)
    return hinting


async def test_a_hint_that_nothing_moved_spares_single_looks(rig: Rig, hinting: Hinting) -> None:
    """But no longer than the bound: each job is looked at every thirty seconds or so."""
    lane = await watched(rig, hinting, policy=LanePolicy(hint_bound_s=30.0))
    async with rig.running(lane.run):
        await rig.clock.advance(600)
    assert 20 * 12 <= len(hinting.polls) <= 20 * 22


async def test_a_hint_that_something_moved_has_all_looked_at(rig: Rig, hinting: Hinting) -> None:
    """The end of a job is told at the next look, though its workflow only hints."""
    lane = await watched(rig, hinting, policy=LanePolicy(hint_bound_s=300.0))
    async with rig.running(lane.run):
        await rig.clock.advance(60)
        hinting.script(ref("7"), DONE)
        hinting.quiet_since_s = rig.clock.monotonic()
        await rig.clock.advance(11)
    assert [event.type for event in rig.told if event.ref == ref("7")] == ["job.running", "job.succeeded"]


async def test_two_changes_that_cancel_out_are_noticed_within_the_bound(rig: Rig, hinting: Hinting) -> None:
    """The counts are as they were, and still no end is late by more than the bound."""
    lane = await watched(rig, hinting, policy=LanePolicy(hint_bound_s=30.0))
    async with rig.running(lane.run):
        await rig.clock.advance(60)
        hinting.script(ref("7"), DONE)
        await rig.clock.advance(30 + 11)
    assert [event.type for event in rig.told if event.ref == ref("7")] == ["job.running", "job.succeeded"]


async def test_a_job_that_could_not_be_looked_at_is_not_hinted_to_be_well(rig: Rig, hinting: Hinting) -> None:
    """Only a look that brought an answer may be stood in for."""
    hinting.script(ref("7"), RUNNING, BadPayload("?"), DONE)
    lane = await watched(rig, hinting, policy=LanePolicy(hint_bound_s=300.0))
    async with rig.running(lane.run):
        await rig.clock.advance(60)
    assert [event.type for event in rig.told if event.ref == ref("7")] == ["job.running", "job.succeeded"]


async def test_a_group_forgets_when_a_removed_watch_was_looked_at(rig: Rig, hinting: Hinting) -> None:
    """A workflow that runs for years must not keep a line for each of its jobs."""
    lane = await watched(rig, hinting, policy=LanePolicy(hint_bound_s=30.0))
    async with rig.running(lane.run):
        await rig.clock.advance(60)
        known = lane._groups._groups["nightly"].looked_at_s
        assert 7 in known
        lane.remove(7)
    assert 7 not in known
