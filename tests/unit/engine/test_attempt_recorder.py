"""Group record."""

from collections.abc import Sequence
from dataclasses import replace

import anyio
import pytest

from jobwatchd.engine.commits import MAX_GROUP, AttemptRecorder
from jobwatchd.errors import StoreUnavailable
from jobwatchd.model.delivery import Attempt, DeliveryStatus
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.testing import START
from unit.engine.rig import Rig


class Written(list[Attempt]):
    """The attempts that were written, in order."""

    def on_committed(self, attempt: Attempt) -> None:
        """Note an attempt."""
        self.append(attempt)


class CountingStore(MemoryStore):
    """A memory store that notes the sizes of groups, holds them back, and fails, as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.go_on = anyio.Event()
        self.go_on.set()
        self.broken = False

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Note, wait, fail or write."""
        self.groups.append(len(attempts))
        await self.go_on.wait()
        if self.broken:
            raise StoreUnavailable("disk full")


def attempt(position: int) -> Attempt:
    """Return an attempt that was taken."""
    return Attempt("hook", position, DeliveryStatus.DELIVERED, 1, START)


async def test_attempts_are_written_in_bounded_groups(rig: Rig) -> None:
    """What gathers during a transaction goes into the next, and each submitter hears of its own."""
    store = CountingStore()
    recorder = AttemptRecorder(rig.runtime, store)
    written = Written()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recorder.run)
        store.go_on = anyio.Event()
        for position in range(MAX_GROUP + 100):
            recorder.submit(attempt(position), written)
        await rig.clock.advance(0)
        assert (store.groups, written) == ([MAX_GROUP], [])
        store.go_on.set()
        await rig.clock.advance(0)
        tasks.cancel_scope.cancel()

    assert store.groups == [MAX_GROUP, 100]
    assert [each.position for each in written] == list(range(MAX_GROUP + 100))


async def test_flush_waits_for_the_group_that_is_being_written(rig: Rig) -> None:
    """A successor that reads the store after it sees everything."""
    store = CountingStore()
    recorder = AttemptRecorder(rig.runtime, store)
    store.go_on = anyio.Event()
    written = Written()
    flushed: list[list[int]] = []

    async def flush() -> None:
        await recorder.flush()
        flushed.append([each.position for each in written])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recorder.run)
        recorder.submit(attempt(1), written)
        await rig.clock.advance(0)
        recorder.submit(attempt(2), written)
        tasks.start_soon(flush)
        await rig.clock.advance(0)
        assert flushed == []
        store.go_on.set()
        await rig.clock.advance(0)
        tasks.cancel_scope.cancel()

    assert flushed == [[1, 2]]


async def test_a_store_that_fails_ends_the_loop(rig: Rig) -> None:
    """Nobody is told that anything was written."""
    store = CountingStore()
    store.broken = True
    recorder = AttemptRecorder(rig.runtime, store)
    written = Written()
    recorder.submit(attempt(1), written)

    with pytest.raises(StoreUnavailable):
        await recorder.run()

    assert written == []


async def test_attempts_of_a_while_are_one_group(rig: Rig) -> None:
    """The first waits for others, and a flush for nothing."""
    store = CountingStore()
    recorder = AttemptRecorder(rig.runtime, store, 0.05)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recorder.run)
        for position in range(3):
            recorder.submit(attempt(position))
            await rig.clock.advance(0.02)
        assert store.groups == [3]
        recorder.submit(attempt(4))
        await recorder.flush()
        assert store.groups == [3, 1]
        tasks.cancel_scope.cancel()


async def test_of_one_delivery_the_last_attempt_is_written(rig: Rig) -> None:
    """Also where the one before is being written just then; each goes by sink and position."""
    store = CountingStore()
    recorder = AttemptRecorder(rig.runtime, store)
    written = Written()
    store.go_on = anyio.Event()

    def tried(attempts: int) -> Attempt:
        return replace(attempt(1), attempts=attempts)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recorder.run)
        recorder.submit(tried(1))
        await rig.clock.advance(0)
        for attempts in (2, 3, 4):
            recorder.submit(tried(attempts), written)
        recorder.submit(replace(tried(1), sink="other"), written)
        store.go_on.set()
        await rig.clock.advance(0)
        tasks.cancel_scope.cancel()

    assert store.groups == [1, 2]
    assert sorted(each.attempts for each in written) == [1, 4]
