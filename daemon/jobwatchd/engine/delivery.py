"""One sink's deliveries: bounded concurrency across subjects, strict order within one, back-off, dead letters."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.crew import Crew
from jobwatchd.engine.gate import Gate
from jobwatchd.engine.records import Records
from jobwatchd.engine.vitals import Vitals
from jobwatchd.errors import SinkError, SinkGone, SinkRejected, SinkUnavailable
from jobwatchd.model.delivery import DEFAULT_RETRY, Attempt, Delivery, DeliveryStatus, Retry, failed, succeeded
from jobwatchd.model.filters import EventFilter
from jobwatchd.ports import Clock, Sink, Store
from jobwatchd.telemetry import Telemetry

# How many deliveries of one sink are held in memory; the others wait in the store.
WINDOW = 5_000
PAGE = 500
# How often the store is read from the beginning, for deliveries that were brought back from the dead.
RESCAN_S = 15.0
DRAIN_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Outlet:
    """A sink, what it wants, and how it is tried; `silence_s` is longer than any one attempt may take."""

    sink: Sink
    filter: EventFilter
    retry: Retry = DEFAULT_RETRY
    concurrency: int = 16
    silence_s: float = 60.0


class DeliveryLoop:
    """Sends one sink's pending deliveries for as long as `run` runs."""

    def __init__(
        self,
        outlet: Outlet,
        *,
        store: Store,
        records: Records,
        vitals: Vitals,
        clock: Clock,
        chance: Callable[[], float],
        telemetry: Telemetry,
        logger: FilteringBoundLogger,
    ) -> None:
        self._sink, self._retry = outlet.sink, outlet.retry
        self._store = store
        self._records = records
        self._clock = clock
        self._chance = chance
        self._logger = logger.bind(sink=outlet.sink.name)
        self._queues: dict[str, deque[Delivery]] = {}
        self._held: set[int] = set()
        self._settled: list[int] = []
        self._cursor = 0
        self._newest = 0
        self._behind = True
        self._loading = False
        self._rescan_at_s = 0.0
        self._disabled = False
        self._taken = telemetry.deliveries.labels(outlet.sink.name)
        self._failed = telemetry.deliveries_failed
        self._latency = telemetry.delivery_latency.labels(outlet.sink.name)
        self._gate = Gate(None, chance, clock.monotonic())
        self._crew = self._build_crew(outlet, vitals)

    def _build_crew(self, outlet: Outlet, vitals: Vitals) -> Crew[str]:
        return Crew(
            f"sink {outlet.sink.name}",
            self._deliver,
            self._load,
            gate=self._gate,
            concurrency=outlet.concurrency,
            silence_s=outlet.silence_s,
            clock=self._clock,
            vitals=vitals,
        )

    def offer(self, delivery: Delivery) -> None:
        """Take a delivery that was committed this moment; called for each, in order of position.

        While older ones are still to be read from the store, this one will be read with them.
        """
        if self._behind or self._loading or len(self._held) >= WINDOW:
            self._behind = True
            self._crew.ring()
        elif delivery.position > self._newest:  # else it was read from the store a moment ago
            self._cursor = delivery.position
            self._take(delivery)

    async def run(self) -> None:
        """Deliver until `stop` is called; raises only what the store raises."""
        await self._crew.run()

    async def drain(self) -> None:
        """Return once everything was tried that may be tried now; what failed waits for its next attempt."""
        while not self._disabled and (self._may_load or self._loading or self._crew.is_busy):
            await self._clock.sleep(DRAIN_LOOK_S)

    async def stop(self) -> None:
        """Begin no more attempts, and return when those under way have come to their end."""
        await self._crew.stop()

    async def _load(self, now_s: float) -> float | None:
        """Fill the window from the store; returns when to look from the beginning again."""
        self._let_go()
        if now_s >= self._rescan_at_s:
            self._rescan_at_s = now_s + RESCAN_S
            if len(self._held) < PAGE:
                self._cursor, self._behind = 0, True
        while self._may_load:
            # Whoever wakes us while the store is read has news that this page may not hold.
            self._behind, self._loading = False, True
            page = await self._store.pending_deliveries(self._sink.name, self._cursor, PAGE)
            self._behind = self._behind or len(page) == PAGE
            for delivery in page:
                self._cursor = delivery.position
                self._take(delivery)
            self._loading = False
            self._let_go()
        return self._rescan_at_s

    @property
    def _may_load(self) -> bool:
        return self._behind and not self._disabled and len(self._held) < WINDOW

    def _let_go(self) -> None:
        self._held.difference_update(self._settled)
        self._settled.clear()

    def _take(self, delivery: Delivery) -> None:
        if delivery.position in self._held:
            return
        self._held.add(delivery.position)
        self._newest = max(self._newest, delivery.position)
        subject = delivery.event.subject
        queue = self._queues.get(subject)
        if queue is not None:
            queue.append(delivery)
            return
        self._queues[subject] = deque([delivery])
        self._schedule(subject, delivery)

    def _schedule(self, subject: str, head: Delivery) -> None:
        wait_s = 0.0
        if head.next_attempt_at is not None:
            wait_s = max(0.0, (head.next_attempt_at - self._clock.now()).total_seconds())
        self._crew.put(subject, self._clock.monotonic() + wait_s)

    async def _deliver(self, subject: str) -> None:
        """Try the oldest delivery of one subject."""
        queue = self._queues[subject]
        delivery = queue[0]
        if self._disabled:
            return
        try:
            await self._sink.send(delivery.event)
        except SinkError as error:
            self._refused(queue, error)
        else:
            attempt = succeeded(delivery, self._clock.now())
            self._taken.inc()
            self._latency.observe(max(0.0, (attempt.at - delivery.created_at).total_seconds()))
            self._finish(queue, attempt)
            self._answered()
        if queue:
            self._schedule(subject, queue[0])
        else:
            del self._queues[subject]

    def _refused(self, queue: deque[Delivery], error: SinkError) -> None:
        delivery = queue[0]
        self._failed.labels(self._sink.name, error.reason).inc()
        if isinstance(error, SinkGone):
            self._disabled = True
            self._logger.error("sink.disabled", error=str(error), event_id=delivery.event.id)
            return
        attempt = failed(delivery, error, self._retry, self._clock.now(), self._chance())
        log = self._logger.bind(event_id=delivery.event.id, attempt=attempt.attempts, error=str(error))
        if attempt.status is DeliveryStatus.DEAD:
            log.error("delivery.dead", subject=delivery.event.subject, type=delivery.event.type)
            self._finish(queue, attempt)
        else:
            log.warning("delivery.failed", next_attempt_at=str(attempt.next_attempt_at))
            queue[0] = replace(
                delivery,
                attempts=attempt.attempts,
                next_attempt_at=attempt.next_attempt_at,
                rejections=delivery.rejections + isinstance(error, SinkRejected),
            )
            self._records.submit(attempt)  # it stays pending, and held
        if isinstance(error, SinkUnavailable):
            self._gate.failed(self._clock.monotonic(), error.retry_after_s)
        else:
            self._answered()
        self._crew.ring()

    def _finish(self, queue: deque[Delivery], attempt: Attempt) -> None:
        queue.popleft()
        # Held until written: a look from the beginning in between would find it pending still, and send it again.
        self._records.submit(attempt, self._settle)

    def _settle(self, attempt: Attempt) -> None:
        # Let go of only between reads: a page that is being read now may show it as pending still.
        self._settled.append(attempt.position)
        if self._behind:
            self._crew.ring()

    def _answered(self) -> None:
        if self._gate.failing_since_s is None:
            return
        was_open = self._gate.is_open
        self._gate.answered()
        if was_open:
            # The receiver is back: nobody should wait out a back-off that was meant for its absence.
            self._logger.info("sink.answers")
            self._crew.hasten()
