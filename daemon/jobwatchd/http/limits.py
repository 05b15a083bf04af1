"""How much may be in flight: requests, and memory for the bodies of all of them."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

import anyio

# What a request holds beside its body while more of that is on its way: the buffers of the HTTP libraries, which grow
# to some 400 KB where a server sends faster than it is read. Measured with 100 responses that nobody reads.
BUFFERS = 393_216
# For so long the first requests of a client wait for each other, until one of them shows how large the answers are.
FIRST_WAIT_S = 0.5


@dataclass(slots=True, eq=False)
class _Waiting:
    size: int
    granted: anyio.Event = field(default_factory=anyio.Event)


class Memory:
    """So many bytes for all bodies that did not come whole with their first piece; whoever finds too few waits.

    Who waits is served in order, and holds nothing meanwhile: what is taken is taken in one piece, and given back
    without waiting for more. So those who hold some always come to an end, and those who wait get their turn. A body
    larger than `total` is read while no other is.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.held = 0
        self._queue: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def take_at_once(self, size: int) -> bool:
        """Take so many bytes; False where there are too few, or others wait for them."""
        if self._queue or not self._fits(size):
            return False
        self.held += size
        return True

    async def take(self, size: int, wait_s: float) -> None:
        """Wait for so many bytes and take them; raises `TimeoutError` where they do not come free in time."""
        if self.take_at_once(size):
            return
        waiting = _Waiting(size)
        self._queue.append(waiting)
        try:
            with anyio.fail_after(wait_s):
                await waiting.granted.wait()
        except BaseException:
            if waiting.granted.is_set():
                self.give_back(size)
            else:
                self._queue.remove(waiting)
                self._grant()
            raise

    def give_back(self, size: int) -> None:
        """Let others have so many bytes."""
        self.held -= size
        self._grant()

    def _fits(self, size: int) -> bool:
        return self.held + size <= self.total or not self.held

    def _grant(self) -> None:
        while self._queue and self._fits(self._queue[0].size):
            waiting = self._queue.popleft()
            self.held += waiting.size
            waiting.granted.set()


class NoRoomError(Exception):
    """There was no memory for a body in time."""


class Share:
    """What the requests of one client take of the memory: nothing, for as long as its answers are small.

    After a large answer the next requests take as much before they are sent, until some small ones have come. So do the
    first of all, of whose answers nothing is known. `most` is how many bytes of a body are read; `wait_s` is how long a
    request waits for memory, each time.
    """

    def __init__(self, memory: Memory, *, most: int, wait_s: float) -> None:
        self.memory = memory
        self.expected = BUFFERS
        self.is_known = False
        self.most = most
        self.wait_s = wait_s

    def learn(self, size: int) -> None:
        """Expect as much of the next answer as the last one wanted; 0 for a small one."""
        self.is_known = True
        halved = self.expected // 2
        self.expected = max(size, halved if halved > BUFFERS // 2 else 0)


class Lease:
    """The memory of one request; `end` gives it back."""

    __slots__ = ("_held", "_share", "_size")

    def __init__(self, share: Share) -> None:
        self._share = share
        self._held = 0
        self._size = 0

    async def begin(self) -> None:
        """Take what the answer will want by all that is known; raises `NoRoomError`."""
        share = self._share
        if share.expected and not share.is_known:
            with suppress(NoRoomError):
                await self._take(share.expected, FIRST_WAIT_S)
        if share.expected and share.is_known and not self._held:
            await self._take(share.expected, share.wait_s)

    def has_room(self, length: int) -> bool:
        """Whether there is room for a body of that length, which then is taken."""
        size = self._size = BUFFERS + length
        if size > self._held:
            if not self._share.memory.take_at_once(size - self._held):
                return False
            self._held = size
        return True

    def refuse(self) -> None:
        """Say that the body is not read, though it began: the next ones will take as much until that is seen."""
        self._size = BUFFERS

    async def wait(self) -> None:
        """Give back what is held, and wait for room for the largest body there may be; raises `NoRoomError`."""
        self._give_back()
        await self._take(BUFFERS + self._share.most, self._share.wait_s)

    def end(self) -> None:
        """Give back what is held."""
        if self._held or self._size or self._share.expected:
            self._give_back()
            self._share.learn(self._size)

    async def _take(self, size: int, wait_s: float) -> None:
        try:
            await self._share.memory.take(size, wait_s)
        except TimeoutError:
            raise NoRoomError(f"no memory was free for the body within {wait_s:g} s (http.memory)") from None
        self._held = size

    def _give_back(self) -> None:
        if self._held:
            self._share.memory.give_back(self._held)
            self._held = 0


class Slots:
    """So many requests at once; others wait their turn, `wait_s` seconds at most."""

    def __init__(self, count: int, wait_s: float) -> None:
        self._wait_s = wait_s
        self._free = anyio.Semaphore(count, fast_acquire=True)

    def take_at_once(self) -> None:
        """Take a slot that is free, as one nearly always is; raises `anyio.WouldBlock` where none is."""
        self._free.acquire_nowait()

    async def take(self) -> None:
        """Wait for a slot and take it; raises `TimeoutError` where none came free in time."""
        with anyio.fail_after(self._wait_s):
            await self._free.acquire()

    def give_back(self) -> None:
        """Let the next request go."""
        self._free.release()
