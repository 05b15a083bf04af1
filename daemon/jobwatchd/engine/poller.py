"""One poll, and what follows from it."""

from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.entry import Entry, Trouble
from jobwatchd.engine.standing import Standing
from jobwatchd.errors import BadPayload, JobNotFound, SourceError, SourceRejected
from jobwatchd.model.transition import Step, advance, mark_lost, mark_overdue
from jobwatchd.ports import Clock, Source, Store
from jobwatchd.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class LostAfter:
    """When a job counts as lost: this many not-founds in a row, the first of them at least `grace_s` ago."""

    not_found: int = 3
    grace_s: float = 60.0


DEFAULT_LOST_AFTER = LostAfter()


class Poller:
    """Polls one source: asks, decides, and has the outcome written; when to ask is the lane's business."""

    def __init__(
        self,
        source: Source,
        standing: Standing,
        *,
        commits: Commits,
        store: Store,
        clock: Clock,
        telemetry: Telemetry,
        logger: FilteringBoundLogger,
    ) -> None:
        self._source = source
        self._standing = standing
        self._commits = commits
        self._store = store
        self._clock = clock
        self._logger = logger
        self.lost_after = DEFAULT_LOST_AFTER
        self._polls = telemetry.polls.labels(source.name, "single")
        self._polls_failed = telemetry.polls_failed
        self._duration = telemetry.poll_duration.of(source.name)
        self._lateness = telemetry.poll_lateness.of(source.name)

    async def poll(self, entry: Entry) -> None:
        """Poll one job; afterwards `entry` says what is known now. Raises only what the store raises."""
        begun_s = self._clock.monotonic()
        self._lateness.observe(begun_s - entry.due_s)
        self._polls.inc()
        watch = entry.watch
        try:
            digest, observation = await self._source.observe(watch.ref, entry.digest)
        except SourceError as error:
            await self._failed(entry, error)
            return
        if self._standing.is_failing:
            await self._standing.answered()
        self._duration.observe(self._clock.monotonic() - begun_s)
        entry.trouble = None
        if observation is None and watch.overdue_at is None:
            return  # the way of nearly every poll: nothing to read, nothing to write
        now = self._clock.now()
        if observation is not None:
            step = advance(watch, observation, now)
        else:
            step = mark_overdue(watch, now)
            if step.watch is watch:
                return
        # The digest is remembered only once its consequences are: a body whose step could not be written is read again.
        if await self._write(entry, step):
            entry.digest = digest

    async def _failed(self, entry: Entry, error: SourceError) -> None:
        self._polls_failed.labels(self._source.name, error.reason).inc()
        trouble = entry.trouble = entry.trouble or Trouble()
        trouble.failures += 1
        if not isinstance(error, JobNotFound):
            trouble.missing = 0
        if not isinstance(error, JobNotFound | BadPayload | SourceRejected):
            self._standing.failed(error)
            return
        # The source is there, it is this job that cannot be read; others need not suffer for it.
        if self._standing.is_failing:
            await self._standing.answered()
        if trouble.failures == 1:
            self._logger.warning("poll.failed", job=entry.watch.ref.key, reason=error.reason, error=str(error))
        if isinstance(error, JobNotFound):
            await self._missed(entry, trouble)

    async def _missed(self, entry: Entry, trouble: Trouble) -> None:
        now_s = self._clock.monotonic()
        trouble.missing += 1
        if trouble.missing == 1:
            trouble.missing_since_s = now_s
        missing_s = now_s - trouble.missing_since_s
        if trouble.missing >= self.lost_after.not_found and missing_s >= self.lost_after.grace_s:
            detail = f"not found {trouble.missing} times over {missing_s:.0f} s"
            # Should it come back, even the answer that it last gave is news.
            entry.digest = 0
            await self._write(entry, mark_lost(entry.watch, self._clock.now(), detail))

    async def _write(self, entry: Entry, step: Step) -> bool:
        """Have a step written where it says anything new; False where the watch had to be loaded again instead."""
        if step.watch.version == entry.watch.version or await self._commits.submit(step):
            entry.watch = step.watch
            return True
        record = await self._store.get_watch(entry.watch.id)
        entry.digest = 0
        if record is None:
            entry.drop()
        else:
            entry.watch = record.watch
        return False
