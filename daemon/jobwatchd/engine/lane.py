"""A lane: one source's own schedule, workers, limits and health. Lanes never wait for each other."""

from collections.abc import Collection, Coroutine, Sequence
from math import inf
from typing import Any
from zlib import crc32

import anyio

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.entries import Entry, Group, Groups, WatchCounts
from jobwatchd.engine.lister import Lister
from jobwatchd.engine.poller import Poller, StepWriter
from jobwatchd.engine.runtime import LanePolicy, Runtime
from jobwatchd.engine.source_health import SourceHealthTracker
from jobwatchd.engine.source_limiter import SourceLimiter
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from jobwatchd.model.cadence import is_over, longest_wait_s, next_poll_s, retry_s
from jobwatchd.model.health import SourceHealth, SourceState
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Source, Store

# After a start every watch is looked at within this, however long its interval has grown.
CATCH_UP_S = 300.0


class Lane:
    """Polls the watches of one source for as long as `run` runs."""

    def __init__(
        self,
        runtime: Runtime,
        source: Source,
        policy: LanePolicy,
        health: SourceHealth,
        *,
        store: Store,
        commits: Commits,
    ) -> None:
        runtime = runtime.bound(source=source.name)
        self.source = source
        self._commits = commits
        self._clock = runtime.clock
        self._jitter = runtime.jitter
        self._entries: dict[int, Entry] = {}
        observer = runtime.observer.source(source.name)
        self._counts = WatchCounts(observer)
        self._groups = Groups()
        self._limiter = limiter = SourceLimiter(
            policy.rate, runtime.jitter, runtime.clock.monotonic(), is_open=health.unreachable_since is not None
        )
        self._pool = WorkerPool[Entry | Group](
            runtime, f"lane {source.name}", self, limiter, limits=_pool_limits(policy)
        )
        self._health = SourceHealthTracker(runtime, health, observer, limiter=limiter, commits=commits, pool=self._pool)
        self._poller = Poller(runtime, source, self._health)
        self._lister = Lister(runtime, source, self._health)
        self._writer = StepWriter(runtime, store, commits, self)
        self.configure(policy)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, watch_id: int) -> bool:
        return watch_id in self._entries

    def state(self) -> SourceState:
        """Return how the source fares."""
        return SourceState(self.source.name, self._health.is_up, self._counts.by_state())

    def watches(self) -> Sequence[Watch]:
        """Return the watches that are polled here."""
        return [entry.watch for entry in self._entries.values()]

    def configure(self, policy: LanePolicy) -> None:
        """Take a new policy; it holds from each watch's next poll on."""
        self._policy, self._cadence = policy, policy.cadence
        self._limiter.rate_limiter.rate = policy.rate
        self._poller.lost_after = policy.lost_after
        self._lister.hint_bound_s = policy.hint_bound_s
        self._pool.configure(_pool_limits(policy))

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
                self._enter(watch)
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
        if before.policy == watch.policy and before.overdue_at == watch.overdue_at:
            return  # as nearly always, and it may be one of very many
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
            self._leave(before)
            self._enter(watch)

    def _enter(self, watch: Watch) -> None:
        self._counts.enter(watch)
        self._groups.enter(watch)

    def _leave(self, watch: Watch) -> None:
        self._counts.leave(watch)
        self._groups.leave(watch)

    def _phase(self, watch: Watch) -> float:
        # Those of one list begin together, for they will be looked at together.
        return self._jitter() if watch.group is None else crc32(watch.group.encode()) / 2**32

    def remove(self, watch_id: int) -> None:
        """Let go of a watch; a poll of it that is under way comes to its end, and is the last."""
        entry = self._entries.pop(watch_id, None)
        if entry is not None:
            entry.drop()
            self._leave(entry.watch)

    async def stop(self) -> None:
        """Begin no more polls, and return when those under way have come to their end and are written."""
        await self._pool.stop()
        await self._commits.flush()
        self._counts.close()

    async def run(self) -> None:
        """Poll until `stop` is called; raises only what the store raises."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._writer.run)
            await self._pool.run()
            tasks.cancel_scope.cancel()

    async def review(self, now_s: float) -> float | None:
        """See to the health of the source, and go on where the store was behind; called by the worker pool."""
        if self._limiter.is_held and not self._commits.is_full:
            self._limiter.release()
        return self._health.review(now_s, self._policy.unreachable_after_s)

    def work(self, item: Entry | Group) -> Coroutine[Any, Any, bool]:
        """Look at one watch, or at those of a list; returns whether that took a request. Called by the worker pool."""
        return self._poll(item) if isinstance(item, Entry) else self._poll_group(item)

    async def _poll(self, entry: Entry) -> bool:
        if entry.is_gone:
            return False
        news = await self._poller.poll(entry)
        if news is None:
            self.settle(entry, entry.watch)  # the way of nearly every poll: nothing to read, nothing to write
            return True
        self._writer.submit(entry, news)
        if self._commits.is_full:
            self._limiter.hold()
        return True

    def settle(self, entry: Entry, watch: Watch, ago_s: float = 0.0) -> None:
        """Take note of the watch that a poll has led to, so long ago, and say when the next is wanted."""
        if entry.is_gone:
            return  # removed meanwhile, and counted out then
        if entry.watch is not watch:
            self._hold(entry, watch)
        self._schedule(entry, self._jitter(), ago_s)

    async def _poll_group(self, group: Group) -> bool:
        """Look at all of the group that is due or soon will be: by list, or singly where that takes fewer requests."""
        now_s = self._clock.monotonic()
        # Else it was brought forward since, and dealt with.
        entries = self._due_of(group, now_s) if now_s >= group.due_s else ()
        if not entries:
            return False
        if len(entries) == 1 or not group.is_worth_a_list(len(entries)):
            self._look_singly(entries[1:], now_s)
            return await self._poll(entries[0])
        singly = await self._lister.poll(group, entries)
        self._look_singly(singly, self._clock.monotonic())
        # One number for all: jobs that were looked at together stay together, and one list will do for them again.
        jitter, later = self._jitter(), set(map(id, singly))
        for entry in entries:
            if id(entry) not in later and not entry.is_gone:
                self._schedule(entry, jitter)
        return True

    def _due_of(self, group: Group, now_s: float) -> Sequence[Entry]:
        """Take from the group what is due, and what would be within half an interval; say when it is due again."""
        entries = [*group.take(now_s)]
        if entries:
            wait_s = next_poll_s(self._cadence, entries[0].watch, self._clock.now(), 0.5)
            entries += group.take(now_s + wait_s / 2)
        group.due_s = group.next_due_s()
        if group.due_s < inf:
            self._pool.put(group, group.due_s)
        return entries

    def _look_singly(self, entries: Sequence[Entry], now_s: float) -> None:
        for entry in entries:
            if not entry.is_gone:
                entry.due_s = now_s
                self._pool.put(entry, now_s)

    def _schedule(self, entry: Entry, jitter: float, ago_s: float = 0.0) -> None:
        now, watch = self._clock.now(), entry.watch
        if watch.ended_at is not None and is_over(self._cadence, watch, now):
            self.remove(watch.id)
            return
        if entry.trouble is None:
            delay_s = next_poll_s(self._cadence, watch, now, jitter)
        else:
            delay_s = retry_s(self._cadence, watch, entry.trouble.failures, self._jitter())
        self._put(entry, self._clock.monotonic() + max(0.0, delay_s - ago_s))

    def _put(self, entry: Entry, due_s: float) -> None:
        entry.due_s = due_s
        group = self._groups.of(entry.watch)
        if group is None:
            self._pool.put(entry, due_s)
            return
        group.put(entry)
        if due_s < group.due_s:
            group.due_s = due_s
            self._pool.put(group, due_s)


def _pool_limits(policy: LanePolicy) -> PoolLimits:
    return PoolLimits(policy.concurrency, policy.silence_s)
