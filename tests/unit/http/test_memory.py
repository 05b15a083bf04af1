"""Memory for bodies in flight."""

import anyio
import pytest

from jobwatchd.http.limits import BUFFERS, Lease, Memory, NoRoomError, Share

PATIENCE_S = 30.0


async def until_waiting(memory: Memory, count: int) -> None:
    """Return once so many requests wait."""
    while memory.waiting != count:
        await anyio.lowlevel.checkpoint()


def test_what_fits_is_taken_at_once_and_no_more() -> None:
    """To the byte."""
    memory = Memory(100)
    assert memory.take_at_once(60)
    assert not memory.take_at_once(41)
    assert memory.take_at_once(40)
    memory.give_back(100)
    assert memory.held == 0


async def test_who_waits_is_served_in_order() -> None:
    """Something small does not overtake, or something large would never get its turn."""
    memory, order = Memory(100), list[str]()
    assert memory.take_at_once(80)

    async def take(name: str, size: int) -> None:
        await memory.take(size, PATIENCE_S)
        order.append(name)

    async with anyio.create_task_group() as tasks:
        for count, (name, size) in enumerate([("large", 90), ("small", 5), ("medium", 50)]):
            tasks.start_soon(take, name, size)
            await until_waiting(memory, count + 1)
        assert not memory.take_at_once(5)
        memory.give_back(80)
        await until_waiting(memory, 1)
        memory.give_back(90)
    assert order == ["large", "small", "medium"]


async def test_what_is_larger_than_all_memory_is_taken_alone() -> None:
    """It would wait for ever otherwise."""
    memory = Memory(100)
    assert memory.take_at_once(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(memory.take, 500, PATIENCE_S)
        await until_waiting(memory, 1)
        memory.give_back(1)
    assert memory.held == 500
    assert not memory.take_at_once(1)


async def test_who_leaves_the_queue_makes_way() -> None:
    """Whether the time is over or the request is cancelled; nothing is lost."""
    memory = Memory(100)
    assert memory.take_at_once(60)
    with pytest.raises(TimeoutError):
        await memory.take(50, 0.0)
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as leaving:
                leaving.start_soon(memory.take, 50, PATIENCE_S)
                await until_waiting(memory, 1)
                tasks.start_soon(memory.take, 40, PATIENCE_S)
                await until_waiting(memory, 2)
                scope.cancel()
    assert (memory.held, memory.waiting) == (100, 0)


async def test_who_is_cancelled_while_being_served_gives_it_back() -> None:
    """The turn had come, but nobody was there to take it."""
    memory = Memory(100)
    assert memory.take_at_once(100)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(memory.take, 70, PATIENCE_S)
        await until_waiting(memory, 1)
        tasks.cancel_scope.cancel()
        memory.give_back(100)
    assert memory.held == 0


async def test_many_with_little_memory_all_come_to_their_end() -> None:
    """Whatever the order in which they come, grow and leave, no two wait for each other."""
    memory, done = Memory(3 * BUFFERS), list[int]()

    async def ask(number: int) -> None:
        lease = Lease(Share(memory, most=BUFFERS, wait_s=PATIENCE_S))
        await lease.begin()
        await anyio.lowlevel.checkpoint()
        if not lease.has_room(BUFFERS * (number % 2)):
            await lease.wait()
        assert memory.held <= memory.total
        await anyio.lowlevel.checkpoint()
        lease.end()
        done.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(ask, number)
    assert (len(done), memory.held, memory.waiting) == (50, 0, 0)


async def answer(share: Share, length: int | None) -> Lease:
    """Make one request that is answered with a body of that length, None for a small one."""
    lease = Lease(share)
    await lease.begin()
    if length is not None:
        assert lease.has_room(length)
    lease.end()
    return lease


async def test_small_answers_cost_nothing_once_one_has_come() -> None:
    """However little memory there is left."""
    memory = Memory(BUFFERS)
    share = Share(memory, most=1000, wait_s=0.0)
    await answer(share, None)
    assert memory.take_at_once(BUFFERS)
    await answer(share, None)
    assert memory.held == BUFFERS


async def test_after_a_large_answer_the_next_requests_wait_before_they_are_sent() -> None:
    """Until small ones have come again."""
    memory = Memory(2 * BUFFERS)
    share = Share(memory, most=BUFFERS, wait_s=0.0)
    await answer(share, BUFFERS)
    lease = Lease(share)
    await lease.begin()
    assert memory.held == 2 * BUFFERS
    with pytest.raises(NoRoomError, match=r"no memory was free for the body within 0 s \(http.memory\)"):
        await Lease(share).begin()
    lease.end()
    for _ in range(3):
        await answer(share, None)
    assert share.expected == 0


async def test_the_first_requests_wait_for_each_other_only_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer holds up nobody else for long."""
    monkeypatch.setattr("jobwatchd.http.limits.FIRST_WAIT_S", 0.0)
    memory = Memory(BUFFERS)
    hanging, other = Lease(Share(memory, most=1, wait_s=PATIENCE_S)), Lease(Share(memory, most=1, wait_s=PATIENCE_S))
    await hanging.begin()
    await other.begin()
    assert memory.held == BUFFERS
    hanging.end()
    other.end()
    assert memory.held == 0
