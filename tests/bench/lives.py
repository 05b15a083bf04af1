"""Job lives simulated: how many requests a way of polling makes, and how late it sees the end. No time passes here."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median

from jobwatchd.model.cadence import Cadence, next_poll_s
from jobwatchd.model.job import JobReference, State
from jobwatchd.model.watch import Watch, WatchSpec

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# A job waits this part of its life before it runs, as long as the longest queue that is still unremarkable.
QUEUED_PART = 0.1
SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class Life:
    """A job that waits and then runs; seconds, counted from when it is first watched."""

    started_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of polling came to: requests a job, and seconds until a job's end is seen."""

    requests: float
    delay_p50_s: float
    delay_p99_s: float


Poll = Callable[[Life, random.Random], tuple[int, float]]
"""Watches one life to its end; returns the requests made, and how late the end was seen."""


def fixed(interval_s: float) -> Poll:
    """Poll once an interval, from a moment of its own: what a script with a sleep does."""

    def poll(life: Life, chance: random.Random) -> tuple[int, float]:
        first_s = chance.random() * interval_s
        requests = max(0, -int(-(life.ended_s - first_s) // interval_s)) + 1
        return requests, first_s + (requests - 1) * interval_s - life.ended_s

    return poll


def adaptive(cadence: Cadence) -> Poll:
    """Poll as the daemon does: at once, and then when the model says."""

    def poll(life: Life, chance: random.Random) -> tuple[int, float]:
        queued = Watch.create(1, WatchSpec(JobReference("simulated", "1")), BEGIN)
        running = _running(queued, life)
        at_s, requests = 0.0, 1
        while at_s < life.ended_s:
            watch = queued if at_s < life.started_s else running
            at_s += next_poll_s(cadence, watch, BEGIN + timedelta(seconds=at_s), chance.random())
            requests += 1
        return requests, at_s - life.ended_s

    return poll


def simulate(poll: Poll, length_s: float, jobs: int, seed: int) -> Outcome:
    """Watch `jobs` jobs of about `length_s` seconds; the same seed gives every way of polling the same jobs."""
    lives, chance = random.Random(seed), random.Random(seed + 1)
    seen = [poll(_life(length_s, lives), chance) for _ in range(jobs)]
    delays = sorted(delay_s for _, delay_s in seen)
    return Outcome(sum(requests for requests, _ in seen) / jobs, median(delays), _p99(delays))


def _life(length_s: float, chance: random.Random) -> Life:
    ended_s = length_s * (1.0 + SPREAD * (2.0 * chance.random() - 1.0))
    return Life(ended_s * QUEUED_PART * chance.random(), ended_s)


def _running(queued: Watch, life: Life) -> Watch:
    return replace(queued, state=State.RUNNING, state_since=BEGIN + timedelta(seconds=life.started_s))


def _p99(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
