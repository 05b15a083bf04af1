"""Looks at many jobs of one list at once, and decides which have to be looked at singly.

A list only ever tells that a job is where it was. Everything else, a job in another state, one that the list does not
show, one whose deadline has passed, is looked at singly at once: a single answer has the job's tasks and all its times,
and no list can make a job lost, or late.
"""

from collections.abc import Sequence
from datetime import datetime

from jobwatchd.engine.entries import Entry, Group, Trouble
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.source_health import SourceHealthTracker
from jobwatchd.errors import BadPayload, SourceError, SourceRejected
from jobwatchd.model.job import Observation
from jobwatchd.ports import Listing, Source


class Lister:
    """Looks at many jobs of one list at once.

    `hint_bound_s` is for how long a source's hint that nothing moved may stand in for looking at a job.
    """

    def __init__(self, runtime: Runtime, source: Source, health: SourceHealthTracker) -> None:
        self.hint_bound_s = 0.0
        self._source = source
        self._health = health
        self._rate_limiter = health.limiter.rate_limiter
        self._observer = health.observer
        self._clock = runtime.clock
        self._logger = runtime.logger

    async def poll(self, group: Group, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Look at entries, the earliest due first, by one list; returns those to look at singly now.

        Raises only what the store raises.
        """
        begun_s = self._clock.monotonic()
        self._observer.list_started(group.name, begun_s - entries[0].due_s)
        try:
            listing = await self._source.observe_many(group.name, [entry.watch.ref for entry in entries])
        except SourceError as error:
            return self._failed(group, entries, error)
        self._health.answered()
        self._rate_limiter.charge(listing.requests - 1)
        self._observer.list_answered(group.name, self._clock.monotonic() - begun_s, listing.requests)
        singly = self._unsettled(group, entries, listing)
        group.learn(listing.requests + len(singly))
        return singly

    def _failed(self, group: Group, entries: Sequence[Entry], error: SourceError) -> Sequence[Entry]:
        self._observer.list_failed(group.name, error)
        group.learn(len(entries) + 1)
        if isinstance(error, BadPayload | SourceRejected):
            # The list cannot be read; that says nothing about the jobs. The source is there, though: a breaker that
            # waits for its probe must hear of it, or it would wait for ever.
            self._health.answered()
            self._logger.warning("list.failed", group=group.name, reason=error.reason, error=str(error))
            return entries
        self._health.failed(error)
        for entry in entries:
            entry.trouble = entry.trouble or Trouble()
            entry.trouble.failures += 1
            entry.trouble.missing = 0
        return ()

    def _unsettled(self, group: Group, entries: Sequence[Entry], listing: Listing) -> list[Entry]:
        now, now_s = self._clock.now(), self._clock.monotonic()
        singly: list[Entry] = []
        for entry in entries:
            observation = listing.found.get(entry.watch.ref)
            if _is_overdue(entry, now) or not (
                _is_as_before(entry, observation) or self._is_hinted(group, entry, listing, now_s)
            ):
                singly.append(entry)
            else:
                entry.trouble = None
        if listing.quiet_since_s is not None:
            group.looked_at_s.update((entry.watch.id, now_s) for entry in singly)
        return singly

    def _is_hinted(self, group: Group, entry: Entry, listing: Listing, now_s: float) -> bool:
        """Whether nothing has moved since the job was last looked at, as far as the source can tell, not long ago."""
        if listing.quiet_since_s is None or entry.trouble is not None:
            return False
        looked_at_s = group.looked_at_s.get(entry.watch.id)
        return (
            looked_at_s is not None and looked_at_s >= listing.quiet_since_s and now_s - looked_at_s < self.hint_bound_s
        )


def _is_as_before(entry: Entry, observation: Observation | None) -> bool:
    watch = entry.watch
    if observation is None or observation.state is None:
        return False
    return observation.state is watch.state and not watch.lost


def _is_overdue(entry: Entry, now: datetime) -> bool:
    return entry.watch.overdue_at is not None and now >= entry.watch.overdue_at
