"""Group commit: the heartbeat of the loop that writes."""

import anyio

from jobwatchd.engine.batcher import SILENCE_S, Batcher
from unit.engine.rig import Rig


class Desk:
    """Writes one item at a time, when it is let."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.go_on = anyio.Event()

    async def write(self, queue: list[str]) -> list[str]:
        """Write the first item, and return the rest."""
        await self.go_on.wait()
        self.written.append(queue[0])
        return queue[1:]


async def test_a_transaction_that_hangs_is_an_ailment(rig: Rig) -> None:
    """Nobody waits for it in person, so it has to be missed by somebody."""
    desk = Desk()
    batcher = Batcher(rig.runtime, "desk", desk, 0.0)
    batcher.submit("a")
    async with rig.running(batcher.run):
        await rig.clock.advance(SILENCE_S + 1)
        assert [problem.split(" made")[0] for problem in rig.heartbeats.problems()] == ["desk"]
        desk.go_on.set()
        await rig.clock.advance(0)
        assert (desk.written, rig.heartbeats.problems()) == (["a"], [])


async def test_a_loop_with_nothing_to_write_has_a_heartbeat(rig: Rig) -> None:
    """It is well for as long as nobody wants anything of it, and forgotten when it ends."""
    batcher = Batcher(rig.runtime, "desk", Desk(), 0.0)
    async with rig.running(batcher.run):
        await rig.clock.advance(10 * SILENCE_S)
        assert rig.heartbeats.problems() == []
    await rig.clock.advance(10 * SILENCE_S)
    assert rig.heartbeats.problems() == []


async def test_what_is_left_is_written_before_what_came_later(rig: Rig) -> None:
    """The rest of one group is the beginning of the next."""
    desk = Desk()
    batcher = Batcher(rig.runtime, "desk", desk, 0.0)
    for item in "abc":
        batcher.submit(item)
    async with rig.running(batcher.run):
        await rig.clock.advance(0)
        batcher.submit("d")
        desk.go_on.set()
        await rig.clock.advance(0)
    assert desk.written == ["a", "b", "c", "d"]


async def test_a_flush_does_not_wait_for_what_others_submit_meanwhile(rig: Rig) -> None:
    """On a slow disk there is always more, and whoever flushes would never return; nor is that an problem."""
    written: list[int] = []

    class SlowDesk:
        async def write(self, queue: list[int]) -> list[int]:
            await rig.clock.sleep(0.005)
            written.extend(queue)
            return []

    batcher = Batcher(rig.runtime, "desk", SlowDesk(), 0.02)
    flushed = anyio.Event()

    async def keep_submitting() -> None:
        while True:
            batcher.submit(0)
            await rig.clock.sleep(0.004)

    async def flush() -> None:
        await batcher.flush()
        flushed.set()

    async with rig.running(batcher.run, keep_submitting) as tasks:
        await rig.clock.advance(0.1)
        tasks.start_soon(flush)
        await rig.clock.advance(0.1)
        assert flushed.is_set()


async def test_a_flush_that_is_cancelled_forgets_nothing(rig: Rig) -> None:
    """What it has not written is still there for the next."""
    desk = Desk()
    batcher = Batcher(rig.runtime, "desk", desk, 0.0)
    for item in "abc":
        batcher.submit(item)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(batcher.flush)
        await rig.clock.advance(0)
        tasks.cancel_scope.cancel()
    desk.go_on.set()
    await batcher.flush()
    assert desk.written == ["a", "b", "c"]
