"""Asks a source for one job, decides what follows from the answer, and has that written."""

from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Protocol

import anyio

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.entries import Entry, Trouble
from jobwatchd.engine.guard import guarded
from jobwatchd.engine.runtime import DEFAULT_LOST_AFTER, Runtime
from jobwatchd.engine.source_health import SourceHealthTracker
from jobwatchd.errors import BadPayload, JobNotFound, SourceError, SourceRejected
from jobwatchd.model.transition import Step, advance, mark_lost, mark_overdue
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Source, Store


class News(NamedTuple):
    """What has to be written after a poll; `digest` is that of the answer, for an entry whose step is on disk.

    Only then: an answer whose step could not be written has to be read again.
    """

    step: Step
    digest: int


class Poller:
    """Polls one source; when to ask, and what to do with the outcome, is the lane's business."""

    def __init__(self, runtime: Runtime, source: Source, health: SourceHealthTracker) -> None:
        self.lost_after = DEFAULT_LOST_AFTER
        self._source = source
        self._health = health
        self._breaker = health.limiter.breaker
        self._observer = health.observer
        self._clock = runtime.clock
        self._logger = runtime.logger

    async def poll(self, entry: Entry) -> News | None:
        """Poll one job; returns what has to be written, None where nothing has, as after nearly every poll."""
        begun_s = self._clock.monotonic()
        watch = entry.watch
        ref = watch.ref  # made anew each time
        self._observer.poll_started(ref, begun_s - entry.due_s)
        try:
            digest, observation = await self._source.observe(ref, entry.digest)
        except SourceError as error:
            return self._failed(entry, error)
        if self._breaker.failing_since_s is not None:  # asked here, for every poll comes this way
            self._health.answered()
        self._observer.poll_answered(ref, self._clock.monotonic() - begun_s)
        entry.trouble = None
        if observation is not None:
            return _news(entry, watch, advance(watch, guarded(observation), self._clock.now()), digest)
        if watch.overdue_at is not None:
            return _news(entry, watch, mark_overdue(watch, self._clock.now()), entry.digest)
        return None

    def _failed(self, entry: Entry, error: SourceError) -> News | None:
        self._observer.poll_failed(entry.watch.ref, error)
        trouble = entry.trouble = entry.trouble or Trouble()
        trouble.failures += 1
        if not isinstance(error, JobNotFound):
            trouble.missing = 0
        if not isinstance(error, JobNotFound | BadPayload | SourceRejected):
            self._health.failed(error)
            return None
        # The source is there, it is this job that cannot be read; others need not suffer for it.
        self._health.answered()
        if trouble.failures == 1:
            self._logger.warning("poll.failed", job=entry.watch.ref.key, reason=error.reason, error=str(error))
        if not (isinstance(error, JobNotFound) and self._is_lost(trouble)):
            return None
        missing_s = self._clock.monotonic() - trouble.missing_since_s
        detail = f"not found {trouble.missing} times over {missing_s:.0f} s"
        # Without a digest: should it come back, even the answer that it last gave is news.
        return _news(entry, entry.watch, mark_lost(entry.watch, self._clock.now(), detail), 0)

    def _is_lost(self, trouble: Trouble) -> bool:
        """Count a not-found, and say whether it was one too many."""
        now_s = self._clock.monotonic()
        trouble.missing += 1
        if trouble.missing == 1:
            trouble.missing_since_s = now_s
        return (
            trouble.missing >= self.lost_after.not_found and now_s - trouble.missing_since_s >= self.lost_after.grace_s
        )


def _news(entry: Entry, watch: Watch, step: Step, digest: int) -> News | None:
    """Return a step from `watch` where it says anything new; else the entry has the digest.

    The entry may hold an amended watch by now. Then the step is stale, and what was seen has to be seen again.
    """
    if step.watch.version != watch.version:
        return News(step, digest)
    entry.digest = digest
    return None


class WatchOwner(Protocol):
    """Who polls the watches, as a lane."""

    def settle(self, entry: Entry, watch: Watch, ago_s: float = 0.0) -> None:
        """Take note of the watch that a poll has led to, so long ago, and say when the next is wanted."""

    def remove(self, watch_id: int) -> None:
        """Let go of a watch that the store does not have any more."""


class StepWriter:
    """Submits the steps of one lane's watches; `run` loads those again that somebody else has changed."""

    def __init__(self, runtime: Runtime, store: Store, commits: Commits, owner: WatchOwner) -> None:
        self._clock = runtime.clock
        self._store = store
        self._commits = commits
        self._owner = owner
        self._stale: list[Entry] = []
        self._stale_came = anyio.Event()

    def submit(self, entry: Entry, news: News) -> None:
        """Have the news of a watch written."""
        self._commits.submit(news.step, _Submission(self, entry, news, self._clock.monotonic()))

    def on_written(self, entry: Entry, news: News, seen_s: float) -> None:
        """Go on with a watch whose step, seen at `seen_s`, is on disk."""
        entry.digest = news.digest
        self._owner.settle(entry, news.step.watch, self._clock.monotonic() - seen_s)

    def on_stale(self, entry: Entry) -> None:
        """Have a watch loaded again whose step is stale; what was seen of its job will be seen again."""
        self._stale.append(entry)
        self._stale_came.set()

    async def run(self) -> NoReturn:
        """Load stale watches again, for ever; raises what the store raises."""
        while True:
            await self._stale_came.wait()
            self._stale_came = anyio.Event()
            stale, self._stale = self._stale, []
            for entry in stale:
                if not entry.is_gone:
                    await self._renew(entry)

    async def _renew(self, entry: Entry) -> None:
        record = await self._store.get_watch(entry.watch.id)
        if record is None:
            self._owner.remove(entry.watch.id)
            return
        entry.digest, entry.trouble = 0, None
        self._owner.settle(entry, record.watch)


@dataclass(frozen=True, slots=True)
class _Submission:
    """A step on its way to the disk; `seen_s` is when the poll was made (monotonic)."""

    writer: StepWriter
    entry: Entry
    news: News
    seen_s: float

    def on_committed(self, *, is_written: bool) -> None:
        if is_written:
            self.writer.on_written(self.entry, self.news, self.seen_s)
        else:
            self.writer.on_stale(self.entry)
