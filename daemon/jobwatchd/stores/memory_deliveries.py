"""The deliveries of a `MemoryStore`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from jobwatchd.model.delivery import Attempt, Backlog, DeadLetter, Delivery, DeliveryStatus, Replayed
from jobwatchd.model.query import DeadLetterQuery


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

    def pending_of(self, position: int) -> list[Delivery]:
        """Return the pending deliveries of one event."""
        return [kept.delivery for kept in self._with(DeliveryStatus.PENDING) if kept.delivery.position == position]

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
        finished_at = None if attempt.status is DeliveryStatus.PENDING else attempt.at
        self._kept[attempt.position, attempt.sink] = _Kept(
            kept.delivery.tried(attempt), attempt.status, finished_at, attempt.error
        )

    def dead_letters(self, query: DeadLetterQuery) -> list[DeadLetter]:
        """Return dead deliveries in order; the limit counts events, so that no page ends within one."""
        found = sorted(
            (
                DeadLetter(
                    kept.delivery.sink,
                    kept.delivery.position,
                    kept.delivery.event,
                    kept.delivery.attempts,
                    kept.finished_at or kept.delivery.created_at,
                    kept.error,
                )
                for kept in self._with(DeliveryStatus.DEAD)
                if query.wants(kept.delivery)
            ),
            key=lambda letter: (letter.position, letter.sink),
        )
        page = set(sorted({letter.position for letter in found})[: query.limit])
        return [letter for letter in found if letter.position in page]

    def replay(self, query: DeadLetterQuery, now: datetime) -> Replayed:
        """Make the dead deliveries of a page pending again, as new as of `now`."""
        page = self.dead_letters(query)
        for letter in page:
            key = letter.position, letter.sink
            self._kept[key] = _Kept(Delivery(letter.sink, letter.position, letter.event, now))
        is_full = len({letter.position for letter in page}) == query.limit
        return Replayed(len(page), page[-1].position if is_full else None)

    def drop_pending(self, sink: str, at_most: int) -> int:
        """Forget some of a sink's pending deliveries; returns how many."""
        dropped = self.pending(sink, 0, at_most)
        for delivery in dropped:
            del self._kept[delivery.position, sink]
        return len(dropped)

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
