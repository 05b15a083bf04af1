"""One poll, and what follows from it."""

from collections.abc import Callable

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.entry import Entry, Trouble
from jobwatchd.engine.gate import Gate
from jobwatchd.engine.guard import guarded
from jobwatchd.engine.lane_policy import DEFAULT_LOST_AFTER
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.source_health import SourceHealthTracker
from jobwatchd.errors import BadPayload, JobNotFound, SourceError, SourceRejected
from jobwatchd.model.transition import Step, advance, mark_lost, mark_overdue
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Source, Store


class Poller:
    """Polls one source: asks, decides, and has the outcome written; when to ask is the lane's business.

    `settle` is called with the entry and the watch that a poll has led to, once that is written, and with how many
    seconds that took; `forget` with the id of a watch that the store does not have any more.
    """

    def __init__(
        self,
        runtime: Runtime,
        source: Source,
        health: SourceHealthTracker,
        settle: Callable[[Entry, Watch, float], None],
        forget: Callable[[int], None],
        *,
        gate: Gate,
        commits: Commits,
        store: Store,
    ) -> None:
        self._source = source
        self._health = health
        self._settle = settle
        self._forget = forget
        self._gate = gate
        self._commits = commits
        self._store = store
        self._clock = runtime.clock
        self._logger = runtime.logger
        self.lost_after = DEFAULT_LOST_AFTER
        self._polls = runtime.telemetry.polls.of(source.name, "single")
        self._polls_failed = runtime.telemetry.polls_failed
        self._duration = runtime.telemetry.poll_duration.of(source.name)
        self._lateness = runtime.telemetry.poll_lateness.of(source.name)

    async def poll(self, entry: Entry) -> None:
        """Poll one job; raises only what the store raises."""
        if entry.is_gone:
            # An admission that neither an answer nor a failure follows would leave the breaker waiting for ever.
            self._gate.unused()
            return
        trouble = entry.trouble
        if trouble is not None and trouble.stale:
            self._gate.unused()
            await self._renew(entry)
            return
        begun_s = self._clock.monotonic()
        self._lateness.observe(begun_s - entry.due_s)
        self._polls.value += 1
        watch = entry.watch
        try:
            digest, observation = await self._source.observe(watch.ref, entry.digest)
        except SourceError as error:
            self._failed(entry, error)
            return
        if self._gate.failing_since_s is not None:
            self._health.answered()
        self._duration.observe(self._clock.monotonic() - begun_s)
        entry.trouble = None
        if observation is not None:
            self._write(entry, watch, advance(watch, guarded(observation), self._clock.now()), digest)
        elif watch.overdue_at is not None:
            self._write(entry, watch, mark_overdue(watch, self._clock.now()), entry.digest)
        else:
            self._settle(entry, entry.watch, 0.0)  # the way of nearly every poll: nothing to read, nothing to write

    def _failed(self, entry: Entry, error: SourceError) -> None:
        self._polls_failed.labels(self._source.name, error.reason).inc()
        trouble = entry.trouble = entry.trouble or Trouble()
        trouble.failures += 1
        if not isinstance(error, JobNotFound):
            trouble.missing = 0
        if not isinstance(error, JobNotFound | BadPayload | SourceRejected):
            self._health.failed(error)
            self._settle(entry, entry.watch, 0.0)
            return
        # The source is there, it is this job that cannot be read; others need not suffer for it.
        if self._gate.failing_since_s is not None:
            self._health.answered()
        if trouble.failures == 1:
            self._logger.warning("poll.failed", job=entry.watch.ref.key, reason=error.reason, error=str(error))
        if isinstance(error, JobNotFound) and self._is_lost(trouble):
            missing_s = self._clock.monotonic() - trouble.missing_since_s
            detail = f"not found {trouble.missing} times over {missing_s:.0f} s"
            # Without a digest: should it come back, even the answer that it last gave is news.
            self._write(entry, entry.watch, mark_lost(entry.watch, self._clock.now(), detail), 0)
        else:
            self._settle(entry, entry.watch, 0.0)

    def _is_lost(self, trouble: Trouble) -> bool:
        """Count a not-found, and say whether it was one too many."""
        now_s = self._clock.monotonic()
        trouble.missing += 1
        if trouble.missing == 1:
            trouble.missing_since_s = now_s
        return (
            trouble.missing >= self.lost_after.not_found and now_s - trouble.missing_since_s >= self.lost_after.grace_s
        )

    def _write(self, entry: Entry, watch: Watch, step: Step, digest: int) -> None:
        """Have a step from `watch` written where it says anything new; once it is, `entry` has it, and the digest.

        The entry may hold an amended watch by now. Then the step is stale, and what was seen has to be seen again.
        """
        seen_s = self._clock.monotonic()

        def written(is_written: bool) -> None:  # noqa: FBT001 - the value is the whole message
            if is_written:
                # Only now: an answer whose step could not be written has to be read again.
                entry.digest = digest
                self._settle(entry, step.watch, self._clock.monotonic() - seen_s)
            else:
                entry.trouble = entry.trouble or Trouble()
                entry.trouble.stale = True
                self._settle(entry, entry.watch, 0.0)

        if step.watch.version != watch.version:
            self._commits.submit(step, written)
            if self._commits.is_full:
                self._gate.hold()
            return
        entry.digest = digest
        self._settle(entry, entry.watch, 0.0)

    async def _renew(self, entry: Entry) -> None:
        """Load a watch again that somebody else has changed; what was seen of the job meanwhile will be seen again."""
        record = await self._store.get_watch(entry.watch.id)
        if record is None:
            self._forget(entry.watch.id)
            return
        entry.digest, entry.trouble = 0, None
        self._settle(entry, record.watch, 0.0)
