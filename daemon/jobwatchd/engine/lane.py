"""A lane: one source's own schedule, workers, limits and health. Lanes never wait for each other."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from jobwatchd.engine.commits import Commits
from jobwatchd.engine.crew import Crew
from jobwatchd.engine.entry import Entry
from jobwatchd.engine.gate import Gate
from jobwatchd.engine.poller import DEFAULT_LOST_AFTER, LostAfter, Poller
from jobwatchd.engine.standing import Standing
from jobwatchd.engine.vitals import Vitals
from jobwatchd.model.cadence import Backoff, Cadence, is_over, next_poll_s
from jobwatchd.model.health import SourceHealth
from jobwatchd.model.watch import Watch
from jobwatchd.ports import Clock, Source, Store
from jobwatchd.telemetry import Telemetry

# First polls after a start are spread over at least so long, and come at most so many a second.
SHORTEST_SPREAD_S = 0.5
START_RATE = 2_000.0


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """How a source is spared: polls in flight, polls a second (None: no limit), and when verdicts fall.

    `silence_s` is how long the lane may get nothing done before it counts as hanging; longer than any poll may take.
    """

    concurrency: int = 64
    rate: float | None = None
    lost_after: LostAfter = DEFAULT_LOST_AFTER
    unreachable_after_s: float = 60.0
    silence_s: float = 60.0


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
        self._gate = Gate(limits.rate, chance, clock.monotonic(), shut=health.unreachable_since is not None)
        logger = logger.bind(source=source.name)
        self._standing = Standing(
            health, gate=self._gate, commits=commits, clock=clock, telemetry=telemetry, logger=logger
        )
        self._poller = Poller(
            source,
            self._standing,
            store=store,
            commits=commits,
            clock=clock,
            telemetry=telemetry,
            logger=logger,
            lost_after=limits.lost_after,
        )
        self._crew = Crew(
            f"lane {source.name}",
            self._poll,
            self._review,
            gate=self._gate,
            concurrency=limits.concurrency,
            silence_s=limits.silence_s,
            clock=clock,
            vitals=vitals,
        )

    def __len__(self) -> int:
        return len(self._entries)

    def watches(self) -> Sequence[Watch]:
        """Return the watches that are polled here."""
        return [entry.watch for entry in self._entries.values()]

    def states(self) -> Counter[str]:
        """Count the watches by state, `unknown` before the first answer; walks them all, so only for slow gauges."""
        return Counter(entry.watch.state or "unknown" for entry in self._entries.values())

    def configure(self, limits: LaneLimits, cadence: Cadence) -> None:
        """Take new limits and a new cadence; both hold from each watch's next poll on."""
        self._limits, self._cadence = limits, cadence
        self._gate.rate = limits.rate
        self._poller.lost_after = limits.lost_after
        self._crew.configure(limits.concurrency, limits.silence_s)

    def add(self, watches: Collection[Watch], *, spread: bool = False) -> None:
        """Take watches in, or new versions of those that are here; due now, or spread over a while after a start."""
        now_s, now = self._clock.monotonic(), self._clock.now()
        rate = min(self._limits.rate or START_RATE, START_RATE)
        window_s = max(SHORTEST_SPREAD_S, len(watches) / rate) if spread else 0.0
        for watch in watches:
            self.remove(watch.id)
            if not is_over(self._cadence, watch, now):
                entry = self._entries[watch.id] = Entry(watch)
                self._put(entry, now_s + self._chance() * window_s)

    def remove(self, watch_id: int) -> None:
        """Let go of a watch; a poll of it that is under way comes to its end, and is the last."""
        entry = self._entries.pop(watch_id, None)
        if entry is not None:
            entry.gone = True

    async def stop(self) -> None:
        """Begin no more polls, and return when those under way have come to their end."""
        await self._crew.stop()

    async def run(self) -> None:
        """Poll until `stop` is called; raises only what the store raises."""
        await self._crew.run()

    async def _review(self, now_s: float) -> float | None:
        await self._standing.review(now_s, self._limits.unreachable_after_s)
        return self._standing.next_review_s

    async def _poll(self, entry: Entry) -> None:
        if entry.gone:
            # An admission that neither an answer nor a failure follows would leave the breaker waiting for ever.
            self._gate.unused()
            return
        was_failing = self._standing.is_failing
        await self._poller.poll(entry)
        if was_failing or self._standing.is_failing:
            # The gate may admit more now than it did, or less; only the feeder can act on that.
            self._crew.ring()
        if not entry.gone:
            self._schedule(entry)
        elif self._entries.get(entry.watch.id) is entry:
            del self._entries[entry.watch.id]

    def _schedule(self, entry: Entry) -> None:
        now = self._clock.now()
        if is_over(self._cadence, entry.watch, now):
            self.remove(entry.watch.id)
            return
        if entry.failures:
            backoff = Backoff(self._cadence.min_interval_s, 2.0, self._cadence.max_interval_s)
            delay_s = backoff.delay_s(entry.failures, self._chance())
        else:
            delay_s = next_poll_s(self._cadence, entry.watch, now, self._chance())
        self._put(entry, self._clock.monotonic() + delay_s)

    def _put(self, entry: Entry, due_s: float) -> None:
        entry.due_s = due_s
        self._crew.put(entry, due_s)
