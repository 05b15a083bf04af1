"""A bounded crew of workers."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from jobwatchd.engine.gate import OPEN_AFTER, Gate
from jobwatchd.engine.heartbeats import LONGEST_NAP_S
from jobwatchd.engine.worker_pool import Crew

MakeCrew = Callable[..., Crew[str]]


def put(crew: Crew[str], count: int, due_s: float = 0.0) -> None:
    """Schedule so many items."""
    for number in range(count):
        crew.put(str(number), due_s)


async def test_items_are_worked_on_when_they_are_due(rig: Any, shop: Any, make_crew: MakeCrew):
    """Not before; an item put in while the feeder naps is not overslept."""
    crew = make_crew()
    crew.put("later", 3.0)
    async with rig.running(crew.run):
        await rig.clock.advance(2.9)
        assert shop.begun == []
        crew.put("sooner", 2.95)
        await rig.clock.advance(0.06)
        assert shop.done == ["sooner"]
        await rig.clock.advance(0.1)
        assert shop.done == ["sooner", "later"]


async def test_what_is_due_now_makes_the_crew_busy_at_once(rig: Any, make_crew: MakeCrew):
    """Whoever drains it must not look into the moment in which the schedule would hold the item back."""
    crew = make_crew()
    await rig.clock.advance(0.005)
    assert not crew.is_busy

    crew.put("now", rig.clock.monotonic())

    assert crew.is_busy


async def test_no_more_is_under_way_than_the_concurrency_allows(rig: Any, shop: Any, make_crew: MakeCrew):
    """The others wait, and all come to be done."""
    crew = make_crew(3)
    shop.close()
    put(crew, 50)
    async with rig.running(crew.run):
        await rig.clock.advance(1)
        assert (shop.busy, len(shop.begun)) == (3, 3)
        shop.go_on.set()
        await rig.clock.advance(1)
        assert (len(shop.done), shop.most_busy) == (50, 3)


async def test_concurrency_can_be_raised_at_work(rig: Any, shop: Any, make_crew: MakeCrew):
    """More workers come at once."""
    crew = make_crew(2)
    shop.close()
    put(crew, 50)
    async with rig.running(crew.run):
        await rig.clock.advance(1)
        crew.configure(5, 60.0)
        await rig.clock.advance(0)
        assert shop.busy == 5


async def test_concurrency_can_be_lowered_at_work(rig: Any, shop: Any, make_crew: MakeCrew):
    """What is under way is not cut short; from then on there are fewer, and everything still gets done."""
    crew = make_crew(5)
    shop.close()
    put(crew, 10)
    async with rig.running(crew.run):
        await rig.clock.advance(1)
        crew.configure(2, 60.0)
        await rig.clock.advance(0)
        assert shop.busy == 5
        finish, shop.go_on = shop.go_on, anyio.Event()
        finish.set()
        await rig.clock.advance(1)
        assert (len(shop.done), shop.busy) == (5, 2)
        shop.go_on.set()
        await rig.clock.advance(1)
        assert len(shop.done) == 10


async def test_lowered_concurrency_holds_for_workers_that_were_idle(rig: Any, shop: Any, make_crew: MakeCrew):
    """Those who are too many leave when they are called."""
    crew = make_crew(5)
    put(crew, 5)
    async with rig.running(crew.run):
        await rig.clock.advance(1)
        crew.configure(1, 60.0)
        shop.close()
        shop.most_busy = 0
        put(crew, 5, 1.0)
        await rig.clock.advance(1)
        assert (shop.busy, shop.most_busy) == (1, 1)


async def test_a_paused_gate_costs_no_looks(rig: Any, shop: Any, gate: Gate, make_crew: MakeCrew):
    """While nothing may be sent the feeder naps as long as it ever does, however much is due."""
    crew = make_crew()
    gate.failed(0.0, retry_after_s=600.0)
    put(crew, 1000)
    async with rig.running(crew.run):
        await rig.clock.advance(599)
        assert shop.begun == []
        assert shop.looks <= 599 / LONGEST_NAP_S + 3
        await rig.clock.advance(2)
        assert len(shop.done) == 1000


async def test_an_open_breaker_costs_no_looks(rig: Any, shop: Any, gate: Gate, make_crew: MakeCrew):
    """While a probe is under way nobody spins, however long it takes."""
    crew = make_crew()
    for _ in range(OPEN_AFTER):
        gate.failed(0.0)
    shop.close()
    put(crew, 1000)
    async with rig.running(crew.run):
        await rig.clock.advance(100)
        assert len(shop.begun) == 1
        assert shop.looks <= 100 / LONGEST_NAP_S + 6


async def test_busy_workers_cost_no_looks(rig: Any, shop: Any, make_crew: MakeCrew):
    """A crew that is fully at work with more to do is not asked again and again."""
    crew = make_crew(2)
    shop.close()
    put(crew, 1000)
    async with rig.running(crew.run):
        await rig.clock.advance(100)
        assert shop.looks <= 100 / LONGEST_NAP_S + 3


async def test_a_rate_costs_a_few_looks_per_item(rig: Any, shop: Any, gate: Gate, make_crew: MakeCrew):
    """Ten a second are ten a second, and the feeder looks about as often."""
    crew = make_crew()
    gate.rate = 10.0
    put(crew, 1000)
    async with rig.running(crew.run):
        await rig.clock.advance(10.05)
        assert len(shop.done) == 101
        assert shop.looks <= 4 * 101


async def test_stop_waits_for_work_under_way_and_begins_no_more(rig: Any, shop: Any, make_crew: MakeCrew):
    """What was begun comes to its end, what is due stays undone."""
    crew = make_crew(2)
    shop.close()
    put(crew, 10)
    stopped = []

    async def stop() -> None:
        await crew.stop()
        stopped.append(True)

    async with rig.running(crew.run) as tasks:
        await rig.clock.advance(1)
        tasks.start_soon(stop)
        await rig.clock.advance(100)
        assert (stopped, shop.busy) == ([], 2)
        shop.go_on.set()
        await rig.clock.advance(0)
        assert (stopped, shop.done) == ([True], ["0", "1"])


async def test_stop_sends_idle_workers_home(rig: Any, shop: Any, make_crew: MakeCrew):
    """A crew with nothing to do stops at once; its loop is expected to beat no more."""
    crew = make_crew(2)
    put(crew, 2)
    async with rig.running(crew.run):
        await rig.clock.advance(1)
        await crew.stop()
        await rig.clock.advance(1000)
        assert rig.vitals.ailments() == []


async def test_a_crew_that_was_stopped_before_it_ran_does_nothing(rig: Any, shop: Any, make_crew: MakeCrew):
    """Stop returns at once, and a late run ends at once."""
    crew = make_crew()
    put(crew, 1)
    await crew.stop()
    await crew.run()

    assert shop.begun == []


async def test_what_work_raises_ends_the_crew(rig: Any, shop: Any, make_crew: MakeCrew):
    """A failure that nobody foresaw is not swallowed."""

    async def fail(_item: str) -> None:
        raise ZeroDivisionError

    shop.work = fail  # type: ignore[method-assign]
    crew = make_crew()
    put(crew, 1)
    with pytest.raises(ExceptionGroup) as failure:
        async with rig.running(crew.run):
            await rig.clock.advance(1)

    assert failure.group_contains(ZeroDivisionError)
