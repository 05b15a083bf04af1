"""What waits for sinks that are not configured any more."""

from datetime import timedelta

import pytest

from jobwatchd.engine.housekeeping import Undeliverable
from jobwatchd.model.query import DeadLetterQuery
from unit.engine.rig import Rig

DAY_S = 86_400.0
KEEP_S = 7 * DAY_S


def build(rig: Rig) -> Undeliverable:
    """Return what a new process would begin with."""
    return Undeliverable(rig.runtime, rig.store)


async def review(rig: Rig, undeliverable: Undeliverable, *configured: str) -> None:
    """Take one look."""
    await undeliverable.review(await rig.store.backlog(), configured, KEEP_S)


def said(rig: Rig) -> list[str]:
    """Return what was logged."""
    return [entry["event"] for entry in rig.log.entries]


async def test_what_waits_for_a_sink_that_is_gone_is_dropped_after_a_while(rig: Rig) -> None:
    """Not before; said once, with a count, and counted."""
    await rig.commit_events("old", "a:1", "a:2", "b:1")
    await rig.commit_events("hook", "c:1")
    undeliverable = build(rig)
    await review(rig, undeliverable, "hook")
    await rig.clock.advance(KEEP_S - 1)
    await review(rig, undeliverable, "hook")
    assert len(await rig.store.pending_deliveries("old", 0, 9)) == 3
    await rig.clock.advance(1)
    for _ in range(3):
        await review(rig, undeliverable, "hook")

    assert await rig.store.pending_deliveries("old", 0, 9) == []
    assert len(await rig.store.pending_deliveries("hook", 0, 9)) == 1
    assert await rig.store.list_dead_letters(DeadLetterQuery()) == []
    assert said(rig) == ["sink.unknown", "sink.dropped"]
    assert rig.log.entries[-1]["deliveries"] == 3
    assert rig.metric("jobwatchd_deliveries_dropped_total") == 3


async def test_the_time_is_counted_across_restarts(rig: Rig) -> None:
    """It began when the sink was first found missing, whichever process found it."""
    await rig.commit_events("old", "a:1")
    await review(rig, build(rig))
    await rig.clock.advance(KEEP_S - 2 * DAY_S)
    again = build(rig)
    await review(rig, again)
    await rig.clock.advance(2 * DAY_S)
    await review(rig, again)

    assert await rig.store.pending_deliveries("old", 0, 9) == []


async def test_a_sink_that_comes_back_keeps_what_waits_for_it(rig: Rig) -> None:
    """The time begins anew when it is missing again."""
    await rig.commit_events("old", "a:1")
    undeliverable = build(rig)
    await review(rig, undeliverable)
    await rig.clock.advance(KEEP_S - 1)
    await review(rig, undeliverable, "old")
    assert await rig.store.missing_sinks() == {}
    await review(rig, undeliverable)
    await rig.clock.advance(KEEP_S - 1)
    await review(rig, undeliverable)

    assert len(await rig.store.pending_deliveries("old", 0, 9)) == 1


@pytest.mark.parametrize("years", [-1, 1])
async def test_a_clock_that_steps_drops_nothing_at_once(rig: Rig, years: int) -> None:
    """Neither while it runs, nor between two lives, where an hour at least is left to repair it."""
    await rig.commit_events("old", "a:1")
    first = build(rig)
    await review(rig, first)
    rig.clock.step(timedelta(days=365 * years))
    await review(rig, first)
    again = build(rig)
    await review(rig, again)
    await rig.clock.advance(3599)
    await review(rig, again)

    assert len(await rig.store.pending_deliveries("old", 0, 9)) == 1
