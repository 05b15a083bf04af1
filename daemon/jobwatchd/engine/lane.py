"""A lane: one source's own schedule, workers, limits and health. Lanes never wait for each other."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from math import inf
from zlib import crc32

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.census import Census
from jobwatchd.engine.commits import Commits
from jobwatchd.engine.crew import Crew
from jobwatchd.engine.entry import Entry
from jobwatchd.engine.gate import Gate
from jobwatchd.engine.group import Group
from jobwatchd.engine.limits import LaneLimits
from jobwatchd.engine.lister import Lister
from jobwatchd.engine.poller import Poller
from jobwatchd.engine.standing import Standing
from jobwatchd.engine.vitals import Vitals
from jobwatchd.model.cadence import Cadence, is_over, longest_wait_s, next_poll_s, retry_s
from jobwatchd.model.health import SourceHealth, SourceState
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Clock, Source, Store
from jobwatchd.telemetry import Telemetry

# After a start every watch is looked at within this, however long its interval has grown.
CATCH_UP_S = 300.0


class Lane:
    """Polls the watches of one source for as long as `run` runs."""

    def __init__(
        self,
        source: Source,
        limits: LaneLimits,
        cadence: Cadence,
        health: SourceHealth,
        *,
        store: Store,
        commits: Commits,
        vitals: Vitals,
        clock: Clock,
        chance: Callable[[], float],
        telemetry: Telemetry,
        logger: FilteringBoundLogger,
    ) -> None:
        self.source = source
        self._limits = limits
        self._cadence = cadence
        self._clock = clock
        self._chance = chance
        self._entries: dict[int, Entry] = {}
        self._census = Census(source.name, telemetry.watches)
        self._gate = Gate(limits.rate, chance, clock.monotonic(), shut=health.unreachable_since is not None)
        self._commits = commits
        self._crew = self._build_crew(vitals)
        logger = logger.bind(source=source.name)
        self._standing = Standing(
            health,
            gate=self._gate,
            changed=self._crew.ring,
            commits=commits,
            clock=clock,
            telemetry=telemetry,
            logger=logger,
        )
        self._poller = self._build_poller(store, telemetry, logger)
        self._lister = Lister(source, self._standing, gate=self._gate, clock=clock, telemetry=telemetry, logger=logger)
        self.configure(limits, cadence)

    def _build_crew(self, vitals: Vitals) -> Crew[Entry | Group]:
        return Crew(
            f"lane {self.source.name}",
            self._work,
            self._review,
            gate=self._gate,
            concurrency=self._limits.concurrency,
            silence_s=self._limits.silence_s,
            clock=self._clock,
            vitals=vitals,
        )

    def _build_poller(self, store: Store, telemetry: Telemetry, logger: FilteringBoundLogger) -> Poller:
        return Poller(
            self.source,
            self._standing,
            self._settle,
            self.remove,
            gate=self._gate,
            commits=self._commits,
            store=store,
            clock=self._clock,
            telemetry=telemetry,
            logger=logger,
        )

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, watch_id: int) -> bool:
        return watch_id in self._entries

    def state(self) -> SourceState:
        """Return how the source fares."""
        return SourceState(self.source.name, self._standing.is_up, self._census.by_state())

    def watches(self) -> Sequence[Watch]:
        """Return the watches that are polled here."""
        return [entry.watch for entry in self._entries.values()]

    def configure(self, limits: LaneLimits, cadence: Cadence) -> None:
        """Take new limits and a new cadence; both hold from each watch's next poll on."""
        self._limits, self._cadence = limits, cadence
        self._gate.rate = limits.rate
        self._poller.lost_after = limits.lost_after
        self._lister.hint_bound_s = limits.hint_bound_s
        self._crew.configure(limits.concurrency, limits.silence_s)

    def add(self, watches: Collection[Watch], *, spread: bool = False) -> None:
        """Take watches in; due now, or spread over the interval of each.

        Spread like that, as after a start, they stay spread, and none is looked at later than without the stop. What
        happened while nobody looked is seen within five minutes all the same, as far as limits allow.
        """
        now_s, now = self._clock.monotonic(), self._clock.now()
        for watch in watches:
            self.remove(watch.id)
            if not is_over(self._cadence, watch, now):
                entry = self._entries[watch.id] = Entry(watch)
                self._census.enter(watch)
                wait_s = min(next_poll_s(self._cadence, watch, now, 0.5), CATCH_UP_S) if spread else 0.0
                self._put(entry, now_s + wait_s * self._phase(watch))

    def amend(self, watch: Watch) -> None:
        """Take a watch with other labels or another policy; it keeps its turn, unless the policy wants it sooner."""
        entry = self._entries.get(watch.id)
        if entry is None:
            self.add([watch])
            return
        before = entry.watch
        if watch.version > before.version:  # else what a poll has written since is here already
            self._hold(entry, watch)
        now_s = self._clock.monotonic()
        wait_s = longest_wait_s(self._cadence, before, watch, self._clock.now(), self._phase(watch))
        # One that is due is being polled, or about to be, and will go by its new policy then.
        if now_s < entry.due_s and now_s + wait_s < entry.due_s:
            entry.drop()
            entry = self._entries[watch.id] = Entry(entry.watch, digest=entry.digest, trouble=entry.trouble)
            self._put(entry, now_s + wait_s)

    def _hold(self, entry: Entry, watch: Watch) -> None:
        before, entry.watch = entry.watch, watch
        if (before.state, before.group) != (watch.state, watch.group):
            self._census.leave(before)
            self._census.enter(watch)

    def _phase(self, watch: Watch) -> float:
        # Those of one list begin together, for they will be looked at together.
        return self._chance() if watch.group is None else crc32(watch.group.encode()) / 2**32

    def remove(self, watch_id: int) -> None:
        """Let go of a watch; a poll of it that is under way comes to its end, and is the last."""
        entry = self._entries.pop(watch_id, None)
        if entry is not None:
            entry.drop()
            self._census.leave(entry.watch)

    async def stop(self) -> None:
        """Begin no more polls, and return when those under way have come to their end and are written."""
        await self._crew.stop()
        await self._commits.flush()
        self._census.close()

    async def run(self) -> None:
        """Poll until `stop` is called; raises only what the store raises."""
        await self._crew.run()

    async def _review(self, now_s: float) -> float | None:
        self._standing.review(now_s, self._limits.unreachable_after_s)
        if self._gate.is_held and not self._commits.is_full:
            self._gate.release()
        return self._standing.next_review_s

    def _work(self, item: Entry | Group) -> Awaitable[None]:
        return self._poller.poll(item) if isinstance(item, Entry) else self._poll_group(item)

    def _settle(self, entry: Entry, watch: Watch, ago_s: float) -> None:
        """Take note of the watch that a poll has led to, so long ago, and say when the next is wanted."""
        if entry.is_gone:
            return  # removed meanwhile, and counted out then
        if entry.watch is not watch:
            self._hold(entry, watch)
        self._schedule(entry, self._chance(), ago_s)

    async def _poll_group(self, group: Group) -> None:
        """Look at all of the group that is due or soon will be: by list, or singly where that takes fewer requests."""
        now_s = self._clock.monotonic()
        if now_s < group.due_s:
            self._gate.unused()  # brought forward since, and dealt with
            return
        entries = self._due_of(group, now_s)
        if not entries:
            self._gate.unused()
            return
        if len(entries) == 1 or not group.is_worth_a_list(len(entries)):
            self._look_singly(entries[1:], now_s)
            await self._poller.poll(entries[0])
            return
        singly = await self._lister.poll(group, entries)
        self._look_singly(singly, self._clock.monotonic())
        # One chance for all: jobs that were looked at together stay together, and one list will do for them again.
        chance, later = self._chance(), set(map(id, singly))
        for entry in entries:
            if id(entry) not in later and not entry.is_gone:
                self._schedule(entry, chance)

    def _due_of(self, group: Group, now_s: float) -> Sequence[Entry]:
        """Take from the group what is due, and what would be within half an interval; say when it is due again."""
        entries = [*group.take(now_s)]
        if entries:
            wait_s = next_poll_s(self._cadence, entries[0].watch, self._clock.now(), 0.5)
            entries += group.take(now_s + wait_s / 2)
        group.due_s = group.next_due_s()
        if group.due_s < inf:
            self._crew.put(group, group.due_s)
        return entries

    def _look_singly(self, entries: Sequence[Entry], now_s: float) -> None:
        for entry in entries:
            if not entry.is_gone:
                entry.due_s = now_s
                self._crew.put(entry, now_s)

    def _schedule(self, entry: Entry, chance: float, ago_s: float = 0.0) -> None:
        now, watch = self._clock.now(), entry.watch
        if watch.ended_at is not None and is_over(self._cadence, watch, now):
            self.remove(watch.id)
            return
        trouble = entry.trouble
        if trouble is None:
            delay_s = next_poll_s(self._cadence, watch, now, chance)
        elif trouble.stale:
            delay_s = 0.0
        else:
            delay_s = retry_s(self._cadence, watch, trouble.failures, self._chance())
        self._put(entry, self._clock.monotonic() + max(0.0, delay_s - ago_s))

    def _put(self, entry: Entry, due_s: float) -> None:
        entry.due_s = due_s
        group = self._census.group_of(entry.watch)
        if group is None:
            self._crew.put(entry, due_s)
            return
        group.put(entry)
        if due_s < group.due_s:
            group.due_s = due_s
            self._crew.put(group, due_s)
