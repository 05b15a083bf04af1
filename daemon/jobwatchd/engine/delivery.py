"""One sink's deliveries: bounded concurrency across subjects, strict order within one, back-off, dead letters."""

from datetime import timedelta

import anyio
from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.commits import AttemptRecorder
from jobwatchd.engine.runtime import Runtime, SinkBinding
from jobwatchd.engine.sink_breaker import SinkBreaker, SinkHealth
from jobwatchd.engine.subject import Subject
from jobwatchd.engine.turns import Turns
from jobwatchd.engine.window import Window
from jobwatchd.engine.worker_pool import PoolLimits, WorkerPool
from jobwatchd.errors import SinkError, SinkGone, SinkRateLimited, SinkRejected, SinkUnavailable
from jobwatchd.model.delivery import (
    Attempt,
    Delivery,
    DeliveryStatus,
    SinkState,
    asked_s,
    failed,
    succeeded,
    wait_s,
)
from jobwatchd.model.event import Event
from jobwatchd.ports import Store

DRAIN_LOOK_S = 0.02
# How many subjects may fail in a row, in multiples of the concurrency, before the others are not even tried.
TRIED_PER_PLACE = 8


class DeliveryLoop:
    """Sends one sink's pending deliveries for as long as `run` runs."""

    def __init__(self, runtime: Runtime, binding: SinkBinding, store: Store, recorder: AttemptRecorder) -> None:
        name = binding.sink.name
        self._sink, self._retry = binding.sink, binding.retry
        self._recorder = recorder
        runtime = runtime.bound(sink=name)
        self._clock = runtime.clock
        self._jitter = runtime.jitter
        self._logger = runtime.logger
        self._observer = runtime.observer.sink(name)
        self._observer.opened()
        self._breaker = SinkBreaker(
            TRIED_PER_PLACE * binding.concurrency, binding.retry.backoff.longest_s, runtime.jitter
        )
        self._health = SinkHealth(runtime, name, self._observer, self._breaker)
        self._turns = Turns(binding.concurrency, self._breaker, runtime.clock)
        limits = PoolLimits(binding.concurrency, binding.silence_s)
        self._pool = WorkerPool[Subject](runtime, f"sink {name}", self, self._turns, limits=limits, line=self._turns)
        self._window = Window(name, store, self._pool)

    @property
    def state(self) -> SinkState:
        """How the sink fares."""
        return self._health.state

    def offer(self, delivery: Delivery) -> None:
        """Take a delivery that was committed this moment; called for each, in order of position."""
        self._schedule(self._window.offer(delivery))

    def rescan(self) -> None:
        """Look for deliveries that are pending again."""
        self._window.rescan()

    def enable(self) -> bool:
        """Go on where the receiver wanted no more events; returns whether that was so."""
        enabled = self._health.enable()
        self._pool.wake()
        return enabled

    async def run(self) -> None:
        """Deliver until `stop` is called; raises only what the store raises."""
        await self._pool.run()

    async def drain(self) -> None:
        """Return once everything was tried that may be tried now; what failed waits for its next attempt."""
        while not self._breaker.is_disabled and (self._window.is_behind or self._pool.is_busy):
            await self._clock.sleep(DRAIN_LOOK_S)

    async def stop(self) -> None:
        """Begin no more attempts, and return when those under way have come to their end."""
        await self._pool.stop()

    async def review(self, now_s: float) -> float | None:
        """Fill the window, and make room where attempts hang; called by the worker pool."""
        async for subject in self._window.load(now_s):
            self._schedule(subject)
        if self._breaker.is_open:
            self._schedule(await self._window.look_ahead())
        room_at_s = self._turns.make_room(self._clock.monotonic())
        look_at_s = self._window.rescan_at_s
        return look_at_s if room_at_s is None else min(look_at_s, room_at_s)

    def _schedule(self, subject: Subject | None) -> None:
        """Have the new head of a subject, if there is one, tried when it may be."""
        if subject is None:
            return
        subject.dies_s = subject.final_s = None
        subject.due_s = self._clock.monotonic() + wait_s(subject.deliveries[0], self._retry, self._clock.now())
        self._pool.put(subject, subject.due_s)

    async def work(self, subject: Subject) -> bool:
        """Try the oldest delivery of one subject; returns whether anything was sent. Called by the worker pool."""
        retried = subject.failing
        if subject.parked is not None and not await self._window.fetch(subject):
            self._turns.end(subject, retried=retried)
            self._schedule(self._window.finished(subject))
            return False
        delivery = subject.deliveries[0]
        with anyio.CancelScope() as scope:
            began_s = self._turns.begin(subject, scope)
            self._observer.delivery_started(delivery.event)
            try:
                await self._sink.send(delivery.event)
            except SinkError as error:
                self._turns.end(subject, retried=retried)
                self._refused(subject, error)
                return True
            self._turns.end(subject, retried=retried)
            self._accepted(subject, self._clock.monotonic() - began_s)
            return True
        # It was ended from outside, to make room.
        self._turns.end(subject, retried=retried, heard=False)
        self._unheard(subject, self._clock.monotonic() - began_s)
        return True

    def _accepted(self, subject: Subject, took_s: float) -> None:
        delivery = subject.deliveries[0]
        attempt = succeeded(delivery, self._clock.now())
        self._observer.delivered(delivery.event, max(0.0, (attempt.at - delivery.created_at).total_seconds()))
        self._turns.answered(took_s)
        subject.run, subject.suspect = None, False
        self._finish(subject, attempt)
        if self._breaker.is_troubled:
            self._recovered()

    def _recovered(self) -> None:
        """Have those tried now that failed because nothing got through: a back-off was meant for that time."""
        now_s = self._clock.monotonic()
        for subject in self._breaker.succeeded():
            if subject.run is not None and not subject.busy:
                subject.due_s = now_s
                self._pool.put(subject, now_s)
        self._health.review()
        self._pool.wake()

    def _refused(self, subject: Subject, error: SinkError) -> None:
        if isinstance(error, SinkGone):
            self._observer.delivery_failed(subject.deliveries[0].event, error)
            self._health.disable(error)
            subject.due_s = self._clock.monotonic()
            self._pool.put(subject, subject.due_s)
            return
        now_s = self._clock.monotonic()
        attempt = subject.failed(error, self._retry, self._clock.now(), now_s, self._jitter())
        self._learn(subject, error, now_s)
        if attempt.status is DeliveryStatus.DEAD:
            event = subject.deliveries[0].event
            self._log(attempt, event).error("delivery.dead", subject=event.subject, type=event.type)
            self._finish(subject, attempt)
        else:
            self._put_off(subject, attempt, now_s)
        self._pool.wake()

    def _unheard(self, subject: Subject, waited_s: float) -> None:
        """Put off what was ended to make room for others: no verdict on it, so it is never its last attempt."""
        error = SinkUnavailable(f"no answer within {waited_s:.2g} s, and others wait")
        now_s = self._clock.monotonic()
        attempt = failed(subject.deliveries[0], error, self._retry, self._clock.now(), self._jitter())
        self._learn(subject, error, now_s)
        self._put_off(subject, attempt, now_s)
        self._pool.wake()

    def _learn(self, subject: Subject, error: SinkError, now_s: float) -> None:
        """Note what a failure says of the sink."""
        self._observer.delivery_failed(subject.deliveries[0].event, error)
        if isinstance(error, SinkRejected):
            self._breaker.refused(subject)
        else:
            for_s = asked_s(error, self._retry)
            self._breaker.failed(subject, now_s, for_s, probe=subject.probes, others=self._turns.has_others)
            if isinstance(error, SinkRateLimited) and not subject.suspect:
                self._breaker.pause(now_s, for_s)
        self._health.review(error)

    def _put_off(self, subject: Subject, attempt: Attempt, now_s: float) -> None:
        delivery, delay = subject.deliveries[0], attempt.delay
        subject.due_s = now_s + delay.total_seconds()
        # What is said is when it is tried, also where the whole sink waits for longer.
        later_s = max(0.0, self._breaker.tried_no_sooner_s(now_s) - subject.due_s)
        next_at = attempt.at + delay + timedelta(seconds=later_s)
        self._log(attempt, delivery.event).warning("delivery.failed", next_attempt_at=str(next_at))
        subject.deliveries[0] = delivery.tried(attempt)
        self._recorder.submit(attempt)  # it stays pending, and held
        self._window.failed(subject)
        self._pool.put(subject, subject.due_s)

    def _finish(self, subject: Subject, attempt: Attempt) -> None:
        subject.deliveries.popleft()
        # Held until written: a look from the beginning in between would find it pending still, and send it again.
        self._recorder.submit(attempt, self._window)
        self._schedule(self._window.finished(subject))

    def _log(self, attempt: Attempt, event: Event) -> FilteringBoundLogger:
        return self._logger.bind(event_id=event.id, attempt=attempt.attempts, error=attempt.error)
