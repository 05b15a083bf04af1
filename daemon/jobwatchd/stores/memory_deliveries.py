"""The deliveries of a `MemoryStore`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from jobwatchd.model.delivery import Attempt, Backlog, DeadLetter, Delivery, DeliveryStatus


@dataclass(frozen=True, slots=True)
class _Kept:
    """A delivery and what became of it."""

    delivery: Delivery
    status: DeliveryStatus = DeliveryStatus.PENDING
    finished_at: datetime | None = None
    error: str | None = None


class MemoryDeliveries:
    """All deliveries, by position and sink; positions are added in growing order, so all answers come in order."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], _Kept] = {}

    def add(self, delivery: Delivery) -> None:
        """Keep a new, pending delivery."""
        self._kept[delivery.position, delivery.sink] = _Kept(delivery)

    def pending(self, sink: str, after: int, limit: int) -> list[Delivery]:
        """Return a sink's pending deliveries with positions above `after`."""
        found = [
            kept.delivery
            for kept in self._with(DeliveryStatus.PENDING)
            if kept.delivery.sink == sink and kept.delivery.position > after
        ]
        return found[:limit]

    def first_pending(self, sink: str, watch_id: int) -> Delivery | None:
        """Return the oldest pending delivery of a watch's events to a sink."""
        for kept in self._with(DeliveryStatus.PENDING):
            if kept.delivery.sink == sink and kept.delivery.event.watch_id == watch_id:
                return kept.delivery
        return None

    def pending_positions(self) -> set[int]:
        """Return the positions of all events that any sink still waits for."""
        return {kept.delivery.position for kept in self._with(DeliveryStatus.PENDING)}

    def record(self, attempt: Attempt) -> None:
        """Write what became of a delivery; one that was pruned meanwhile is nothing to write to."""
        kept = self._kept.get((attempt.position, attempt.sink))
        if kept is None:
            return
        tried = replace(
            kept.delivery,
            attempts=attempt.attempts,
            next_attempt_at=attempt.next_attempt_at,
            rejections=attempt.rejections,
            rejected_since=attempt.rejected_since,
        )
        finished_at = None if attempt.status is DeliveryStatus.PENDING else attempt.at
        self._kept[attempt.position, attempt.sink] = _Kept(tried, attempt.status, finished_at, attempt.error)

    def dead_letters(self, sink: str | None, after: int, limit: int) -> list[DeadLetter]:
        """Return dead deliveries above `after`; the limit counts positions, so that no page ends within one."""
        found = [
            DeadLetter(
                kept.delivery.sink,
                kept.delivery.position,
                kept.delivery.event,
                kept.delivery.attempts,
                kept.finished_at or kept.delivery.created_at,
                kept.error,
            )
            for kept in self._with(DeliveryStatus.DEAD)
            if sink in {None, kept.delivery.sink} and kept.delivery.position > after
        ]
        page = set(sorted({letter.position for letter in found})[:limit])
        return sorted((letter for letter in found if letter.position in page), key=lambda it: (it.position, it.sink))

    def replay(self, sink: str, positions: Collection[int], now: datetime) -> int:
        """Make a sink's dead deliveries at these positions pending again, as new as of `now`; returns how many."""
        replayed = 0
        for position in positions:
            kept = self._kept.get((position, sink))
            if kept is not None and kept.status is DeliveryStatus.DEAD:
                self._kept[position, sink] = _Kept(Delivery(sink, position, kept.delivery.event, now))
                replayed += 1
        return replayed

    def backlog(self) -> list[Backlog]:
        """Return, per sink that has any pending or dead delivery, how far behind it is."""
        waiting: dict[str, list[datetime]] = {}
        dead: dict[str, int] = {}
        for kept in self._with(DeliveryStatus.PENDING):
            waiting.setdefault(kept.delivery.sink, []).append(kept.delivery.created_at)
        for kept in self._with(DeliveryStatus.DEAD):
            dead[kept.delivery.sink] = dead.get(kept.delivery.sink, 0) + 1
        return [
            Backlog(sink, len(waiting.get(sink, ())), dead.get(sink, 0), min(waiting.get(sink, ()), default=None))
            for sink in sorted({*waiting, *dead})
        ]

    def remove(self, positions: Collection[int]) -> None:
        """Forget all deliveries of these events."""
        gone = set(positions)
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] not in gone}

    def _with(self, status: DeliveryStatus) -> Iterable[_Kept]:
        return [kept for kept in self._kept.values() if kept.status is status]
