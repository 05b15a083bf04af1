"""The store in memory: everything is in dicts, for tests and for `jobwatchd wait`."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count, islice

from jobwatchd.model.delivery import Attempt, Backlog, Committed, DeadLetter, Delivery, Replayed
from jobwatchd.model.event import Event, StoredEvent
from jobwatchd.model.health import HealthStep, SourceHealth
from jobwatchd.model.job import JobReference
from jobwatchd.model.query import DeadLetterQuery, EventQuery, WatchQuery
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Origin, Watch, WatchRecord, WatchSpec
from jobwatchd.ports import Pruned, Route
from jobwatchd.stores.memory_deliveries import MemoryDeliveries

BATCH = 5_000
PRUNED_AT_ONCE = 1_000


class MemoryStore:
    """Keeps everything until the process ends; implements `ports.Store`.

    No call awaits anything, so none is ever seen half done.
    """

    def __init__(self) -> None:
        self._watch_ids = count(1)
        self._positions = count(1)
        self._watches: dict[int, WatchRecord] = {}
        self._ids: dict[JobReference, int] = {}
        self._sources: dict[str, SourceHealth] = {}
        self._events: dict[int, tuple[StoredEvent, datetime]] = {}
        self._event_ids: dict[str, int] = {}
        self._deliveries = MemoryDeliveries()
        self._missing_sinks: dict[str, datetime] = {}

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing; what was written stays."""

    async def check(self) -> None:
        """Do nothing."""

    async def add_watches(self, specs: Sequence[WatchSpec], now: datetime) -> Sequence[tuple[Watch, bool]]:
        """Add those jobs that are not watched yet; per spec, in order, its watch and whether it is new."""
        added = []
        for spec in specs:
            is_new = spec.ref not in self._ids
            if is_new:
                watch = Watch.create(next(self._watch_ids), spec, now)
                self._watches[watch.id] = WatchRecord(watch, None)
                self._ids[spec.ref] = watch.id
            added.append((self._watches[self._ids[spec.ref]].watch, is_new))
        return added

    async def amend_watches(self, changes: Sequence[tuple[Watch, WatchSpec]]) -> Sequence[Watch]:
        """Give watches the labels, policy and origin of specs; returns those that are there, as they are now."""
        amended = []
        for watch, spec in changes:
            record = self._watches.get(watch.id)
            if record is not None:
                self._watches[watch.id] = replace(record, watch=record.watch.amended(spec))
                amended.append(self._watches[watch.id].watch)
        return amended

    async def remove_watches(self, ids: Collection[int]) -> Collection[int]:
        """Remove watches; returns the ids that were there."""
        removed = {watch_id for watch_id in ids if watch_id in self._watches}
        for watch_id in removed:
            del self._ids[self._watches.pop(watch_id).watch.ref]
        return removed

    async def load_watches(
        self, shards: Collection[int] | None, ended_after: datetime | None, origin: Origin | None = None
    ) -> AsyncIterator[Sequence[Watch]]:
        """Yield, in batches, the watches that have not ended, or ended after that; None means no such bound."""
        wanted = iter(
            [
                record.watch
                for record in self._watches.values()
                if (record.watch.ended_at is None or ended_after is None or record.watch.ended_at > ended_after)
                and (shards is None or record.watch.ref.shard in shards)
                and origin in {None, record.watch.origin}
            ]
        )
        while batch := list(islice(wanted, BATCH)):
            yield batch

    async def find_watch(self, ref: JobReference) -> WatchRecord | None:
        """Return the watch of a job."""
        return self._watches.get(self._ids.get(ref, 0))

    async def get_watch(self, watch_id: int) -> WatchRecord | None:
        """Return a watch by its id."""
        return self._watches.get(watch_id)

    async def list_watches(self, query: WatchQuery) -> Sequence[WatchRecord]:
        """Return watches in the order of their ids."""
        found = (record for record in self._watches.values() if query.wants(record.watch))
        return list(islice(found, query.limit))

    async def load_source(self, name: str, now: datetime) -> SourceHealth:
        """Return the health of a source, created as of `now` where it is new."""
        return self._sources.setdefault(name, SourceHealth(name, now))

    async def commit(
        self, steps: Sequence[Step], health: Sequence[HealthStep], route: Route, now: datetime
    ) -> Committed:
        """Write steps, events and pending deliveries."""
        current = [step for step in steps if self._is_current(step)]
        current_health = [step for step in health if self._is_current_health(step)]
        kept = [step for step in steps if self._is_kept(step)]
        written = [event for step in kept for event in step.events] + [
            event for step in health for event in step.events
        ]
        known = filter(self._is_stored, written)
        positions = sorted(self._event_ids[event.id] for event in known)
        made = [delivery for position in positions for delivery in self._deliveries.pending_of(position)]
        told = [event for step in current_health for event in step.events]
        told += [event for step in current for event in step.events]
        fresh = {event.id: event for event in told if event.id not in self._event_ids}
        # Asked before anything is written, so that a `route` that raises leaves nothing half done.
        sinks = {event.id: tuple(dict.fromkeys(route(event))) for event in fresh.values()}
        for step in current:
            seen = step.observation or self._watches[step.watch.id].observation
            self._watches[step.watch.id] = WatchRecord(step.watch, seen)
        self._sources |= {step.health.name: step.health for step in current_health}
        made += [delivery for event in fresh.values() for delivery in self._write_event(event, sinks[event.id], now)]
        return Committed({step.watch.id for step in steps} - {step.watch.id for step in (*current, *kept)}, made)

    async def list_events(self, query: EventQuery) -> Sequence[StoredEvent]:
        """Return events in the order of their positions."""
        events = [stored for stored, _ in self._events.values()]
        if query.newest_first:
            events.reverse()
        found = (stored for stored in events if query.wants(stored))
        return list(islice(found, query.limit))

    async def pending_deliveries(self, sink: str, after: int, limit: int) -> Sequence[Delivery]:
        """Return a sink's pending deliveries with positions above `after`, in order."""
        return self._deliveries.pending(sink, after, limit)

    async def first_pending(self, sink: str, watch_id: int) -> Delivery | None:
        """Return the oldest pending delivery of a watch's events to a sink; None where there is none."""
        return self._deliveries.first_pending(sink, watch_id)

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write what became of deliveries; idempotent."""
        for attempt in attempts:
            self._deliveries.record(attempt)

    async def list_dead_letters(self, query: DeadLetterQuery) -> Sequence[DeadLetter]:
        """Return dead deliveries in the order of their positions."""
        return self._deliveries.dead_letters(query)

    async def replay(self, query: DeadLetterQuery, now: datetime) -> Replayed:
        """Make the dead deliveries of a page pending again, as new as of `now`."""
        return self._deliveries.replay(query, now)

    async def mark_missing(self, sinks: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """Remember that these sinks, and no others, are not configured; returns since when each is known to be so."""
        self._missing_sinks = {name: self._missing_sinks.get(name, now) for name in sinks}
        return dict(self._missing_sinks)

    async def missing_sinks(self) -> Mapping[str, datetime]:
        """Return the sinks that are known not to be configured, and since when."""
        return dict(self._missing_sinks)

    async def drop_pending(self, sink: str) -> int:
        """Remove at most 1,000 of a sink's pending deliveries; returns how many."""
        return self._deliveries.drop_pending(sink, PRUNED_AT_ONCE)

    async def backlog(self) -> Sequence[Backlog]:
        """Return, per sink that has any pending or dead delivery, how far behind it is."""
        return self._deliveries.backlog()

    async def prune(self, finished_before: datetime, events_before: datetime) -> Pruned:
        """Remove at most 1,000 watches and 1,000 events that are older than that."""
        watches = [
            watch_id
            for watch_id, record in self._watches.items()
            if record.watch.origin is Origin.API and _is_before(record.watch.ended_at, finished_before)
        ][:PRUNED_AT_ONCE]
        waiting = self._deliveries.pending_positions()
        positions = [
            position
            for position, (_, committed_at) in self._events.items()
            if committed_at < events_before and position not in waiting
        ][:PRUNED_AT_ONCE]
        await self.remove_watches(watches)
        for position in positions:
            stored, _ = self._events.pop(position)
            del self._event_ids[stored.event.id]
        self._deliveries.remove(positions)
        return Pruned(len(watches), len(positions))

    def _is_current(self, step: Step) -> bool:
        record = self._watches.get(step.watch.id)
        return record is not None and record.watch.version == step.watch.version - 1

    def _is_current_health(self, step: HealthStep) -> bool:
        known = self._sources.get(step.health.name)
        return known is not None and known.version == step.health.version - 1

    def _is_kept(self, step: Step) -> bool:
        record = self._watches.get(step.watch.id)
        is_this = record is not None and record.watch.version == step.watch.version
        return is_this and bool(step.events) and all(map(self._is_stored, step.events))

    def _is_stored(self, event: Event) -> bool:
        position = self._event_ids.get(event.id)
        return position is not None and self._events[position][0].event == event

    def _write_event(self, event: Event, sinks: Collection[str], now: datetime) -> Sequence[Delivery]:
        position = next(self._positions)
        self._events[position] = (StoredEvent(position, event), now)
        self._event_ids[event.id] = position
        made = [Delivery(sink, position, event, now) for sink in sinks]
        for delivery in made:
            self._deliveries.add(delivery)
        return made


def _is_before(at: datetime | None, limit: datetime) -> bool:
    return at is not None and at < limit
