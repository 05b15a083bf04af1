"""Whose turn it is: the subjects of one sink that are due, and those that are being tried.

Those that have not failed go first, and those that failed before have no more than half of the places between them:
however many there are, and however long their attempts hang, there is room for the others. Where all places are taken
by attempts that nothing is heard of while others wait, the attempts that have lasted longest make room; if there is but
one place, also those of subjects that failed before. A receiver that is but slow has its time as the breaker's probe.
"""

from collections import deque
from collections.abc import Iterable

import anyio

from jobwatchd.engine.sink_breaker import SinkBreaker
from jobwatchd.engine.subject import Subject
from jobwatchd.ports import Clock

# How long nothing has to be heard of any attempt before some make room for others: where this receiver is known to
# answer, a multiple of the time that it takes; where it is not known, and at least.
PATIENCE_S = 0.5
LEAST_PATIENCE_S = 0.25
PATIENCE_FACTOR = 4.0
# How fast a slow answer is forgotten, with each quicker one.
FORGET = 0.9
# A subject that the schedule brings up a rounding error too early is due all the same.
ROUNDING_S = 1e-3


class Turns:
    """The line of a delivery loop's worker pool and its limiter, `places` wide; its length is how many may be taken."""

    def __init__(self, places: int, breaker: SinkBreaker, clock: Clock) -> None:
        self._places = places
        self._half = max(1, places // 2)
        self._breaker = breaker
        self._monotonic = clock.monotonic
        self._fresh: deque[Subject] = deque()
        self._failing: deque[Subject] = deque()
        self._trying: dict[Subject, tuple[float, anyio.CancelScope]] = {}
        self._retrying = 0
        self._busy = 0
        self._heard_at_s = 0.0
        self._slowest_s: float | None = None
        self._stalled = False
        self._probes = False

    def __len__(self) -> int:
        if self._breaker.is_open:
            return len(self._fresh) + len(self._failing)
        return len(self._fresh) + min(len(self._failing), max(0, self._half - self._retrying))

    def has_others(self) -> bool:
        """Whether subjects wait that might get through for all that is known: they have not failed in this run."""
        run = self._breaker.run
        return bool(self._fresh) or any(not each.suspect and each.run != run for each in self._failing)

    def allowance(self, now_s: float) -> int:
        """Return how many may be tried now."""
        new = len(self._fresh) if self._breaker.lets_new_through(now_s) else 0
        return max(new, self._breaker.allowance(now_s))

    def admit(self, now_s: float) -> bool:
        """Whether one may be tried now; a True is used up by the next that is taken."""
        self._probes = False
        if self._breaker.lets_all_through(now_s):
            return True  # as nearly always
        if self._fresh and self._breaker.lets_new_through(now_s):
            return True
        self._probes = self._breaker.probe(now_s)
        return self._probes

    def give_back(self, subject: Subject) -> None:
        """Take back the admission of a subject for which nothing was sent."""
        if subject.probes:
            self._breaker.unused()

    def next_s(self, now_s: float) -> float | None:
        """Return when the next may be tried; None when only an answer, or a person, can change that."""
        return now_s if self.allowance(now_s) else self._breaker.next_s(now_s)

    def append(self, subject: Subject) -> None:
        """Put a subject in line; one that was brought forward since, or is not due yet after all, is left out."""
        if subject.waits or subject.busy or subject.empty or subject.due_s > self._monotonic() + ROUNDING_S:
            return
        subject.waits = True
        if subject.failing:
            self._failing.append(subject)
        else:
            self._fresh.append(subject)
            self._breaker.came(self._monotonic())

    def extend(self, subjects: Iterable[Subject]) -> None:
        """Put several in line."""
        for subject in subjects:
            self.append(subject)

    def popleft(self) -> Subject:
        """Take the one whose turn it is; called only where there is one."""
        subject = self._next()
        subject.waits = False
        subject.busy, subject.probes = True, self._probes
        self._busy += 1
        self._retrying += subject.failing
        return subject

    def begin(self, subject: Subject, scope: anyio.CancelScope) -> float:
        """Note that an attempt begins, which `scope` can end, and return the time."""
        now_s = self._monotonic()
        if subject.probes:
            self._breaker.ends_probe = scope
        elif not subject.failing or self._places == 1:  # else half of the places are enough for the others
            self._trying[subject] = (now_s, scope)
        return now_s

    def end(self, subject: Subject, *, retried: bool, heard: bool = True) -> None:
        """Note that an attempt has ended, and whether anything was heard of it; `retried` as it was when taken."""
        subject.busy = False
        self._trying.pop(subject, None)
        self._busy -= 1
        self._retrying -= retried
        if heard:
            self._heard_at_s = self._monotonic()
            self._stalled = False

    def answered(self, took_s: float) -> None:
        """Learn how long this receiver takes to take an event."""
        self._slowest_s = max(took_s, (self._slowest_s or 0.0) * FORGET)

    def make_room(self, now_s: float) -> float | None:
        """End attempts that have hung for long while others wait; returns when to look again, None for no need."""
        overdue_s = self._breaker.probe_overdue_s()
        if overdue_s is not None:
            if now_s < overdue_s:
                return overdue_s
            self._breaker.end_probe()
        if not self._fresh:
            return None
        if self._busy < self._places:
            return now_s + self._patience_s if self._breaker.lets_new_through(now_s) else None
        oldest_s = next((began_s for began_s, _ in self._trying.values()), now_s)
        stalled_at_s = max(oldest_s, self._heard_at_s) + self._patience_s
        if now_s < stalled_at_s:
            return stalled_at_s
        self._stalled = True
        for began_s, scope in list(self._trying.values())[: len(self._fresh)]:
            if began_s + self._patience_s <= now_s:
                scope.cancel()
        return now_s + self._patience_s

    @property
    def _patience_s(self) -> float:
        if self._slowest_s is None:
            return PATIENCE_S
        return max(LEAST_PATIENCE_S, PATIENCE_FACTOR * self._slowest_s)

    def _next(self) -> Subject:
        if self._breaker.is_open or self._stalled:
            # While nothing gets through, what came last is the likeliest to bring news.
            return self._fresh.pop() if self._fresh else self._take_failing()
        # One place for those that failed, also while more and more comes; unless it is the only one.
        if self._failing and (not self._fresh or (self._retrying == 0 and self._places > 1)):
            return self._take_failing()
        return self._fresh.popleft()

    def _take_failing(self) -> Subject:
        if self._breaker.is_open:
            for subject in self._failing:
                if not subject.suspect:
                    self._failing.remove(subject)
                    return subject
        return self._failing.popleft()
