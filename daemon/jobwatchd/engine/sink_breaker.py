"""A sink's circuit breaker, and the pauses that its receiver asks for: how much may be tried now.

A failure while others succeed is that subject's trouble, and is nothing to the breaker. It opens when nothing gets
through: after failures in a row, without any success between them, of all subjects that could be tried, or of so many
different ones that trying the rest would be a burden. It then lets one probe through at a time, further and further
apart. Subjects that have not failed are tried all the same, until so many did; after that, what comes anew may be the
news that the receiver is back, and is probed with soon.
"""

import sys
from collections.abc import Callable, Collection
from datetime import datetime

import anyio

from jobwatchd.engine.observer import SinkObserver
from jobwatchd.engine.runtime import Runtime
from jobwatchd.engine.subject import Subject
from jobwatchd.errors import SinkError
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import SinkCondition, SinkState

UNLIMITED = sys.maxsize
OPEN_AFTER = 5
# How soon after a failed probe there is another where a subject has come that was not tried before.
NEWS_S = 1.0
PROBES = Backoff(first_s=1.0, factor=2.0, longest_s=30.0)


class SinkBreaker:
    """Says what may be tried; all times are monotonic, `jitter` yields numbers from 0 to 1.

    `limit` is how many subjects may fail in a row before the rest is not even tried. No probe is put off for longer
    than `longest_s`. `is_disabled` is whether the receiver wants nothing any more. `ends_probe`, if
    not None, can end the probe under way.
    """

    def __init__(self, limit: int, longest_s: float, jitter: Callable[[], float]) -> None:
        self.is_open = False
        self.is_disabled = False
        self.ends_probe: anyio.CancelScope | None = None
        self.run = 0
        self.paused_until_s = 0.0
        self._limit = limit
        self._probes = Backoff(min(PROBES.first_s, longest_s), PROBES.factor, min(PROBES.longest_s, longest_s))
        self._news_s = min(NEWS_S, longest_s)
        self._jitter = jitter
        self._failed: set[Subject] = set()
        self._failures = 0  # in a row, without any answer
        self._failures_in_run = 0  # without a success, refusals included
        self._probing_since_s: float | None = None
        self._probe_at_s = 0.0
        self._probed_at_s = 0.0
        self._probes_failed = 0
        self._news = False

    @property
    def is_troubled(self) -> bool:
        """Whether anything has failed since the last success, so that the next one has to be told."""
        return self.is_open or bool(self._failed)

    def allowance(self, now_s: float) -> int:
        """Return how many attempts would be admitted now, whatever subject they are for."""
        if self.lets_all_through(now_s):
            return UNLIMITED
        if self.is_disabled or now_s < self.paused_until_s:
            return 0
        return int(self._probing_since_s is None and now_s >= self._probe_at_s)

    def probe(self, now_s: float) -> bool:
        """Whether one attempt may be made now though it is open; a True is used up."""
        if not self.allowance(now_s):
            return False
        self._probing_since_s = now_s
        self._news = False
        return True

    def next_s(self, now_s: float) -> float | None:
        """Return when the next attempt will be admitted; None when only an answer, or a person, can change that."""
        if self.is_disabled:
            return None
        if now_s < self.paused_until_s:
            return self.paused_until_s
        if not self.is_open:
            return now_s
        return None if self._probing_since_s is not None else max(now_s, self._probe_at_s)

    def tried_no_sooner_s(self, now_s: float) -> float:
        """Return before when nothing that failed just now is tried again, whatever its own back-off."""
        return max(self.next_s(now_s) or now_s, now_s)

    def came(self, now_s: float) -> None:
        """Note that something came of a subject that has not failed."""
        if self.is_open:
            self._news = True
            self._probe_at_s = min(self._probe_at_s, max(now_s, self._probed_at_s + self._news_s))

    def probe_overdue_s(self) -> float | None:
        """Return when the probe under way should make room for news; None where there is neither."""
        if self._probing_since_s is None or not self._news:
            return None
        # As long as the next one would be put off: a receiver that is slow, and not dead, has its time in the end.
        return self._probing_since_s + self._probes.ceiling_s(self._probes_failed)

    def end_probe(self) -> None:
        """Have the probe under way make room."""
        if self.ends_probe is not None:
            self.ends_probe.cancel()

    def lets_all_through(self, now_s: float) -> bool:
        """Whether anything may be tried that there is a place for."""
        return not (self.is_open or self.is_disabled or now_s < self.paused_until_s)

    def lets_new_through(self, now_s: float) -> bool:
        """Whether any subject may be tried that has not failed."""
        is_unsure = not self.is_open or len(self._failed) < self._limit
        return is_unsure and not self.is_disabled and now_s >= self.paused_until_s

    def pause(self, now_s: float, asked_s: float) -> None:
        """Admit nothing for so long: the receiver asked for it."""
        self.paused_until_s = max(self.paused_until_s, now_s + asked_s)

    def refused(self, subject: Subject) -> None:
        """Note that the receiver will not take a subject's event: it is there, though this is no success."""
        self._note(subject)
        self._failures = 0
        self._close()

    def failed(
        self, subject: Subject, now_s: float, asked_s: float, *, probe: bool, others: Callable[[], bool]
    ) -> None:
        """Note that no usable answer came, and for how long the receiver asked to be left alone (0: it did not).

        `probe` is whether it was the probe, `others` whether subjects wait that might get through.
        """
        if self._note(subject):
            self._failures += 1
        if self.is_open:
            # Only the probe tells something new; the others were under way before.
            if probe:
                self._put_off(now_s, asked_s)
        elif self._failures >= OPEN_AFTER and (len(self._failed) >= self._limit or not others()):
            self.is_open = True
            self._put_off(now_s, asked_s)

    def succeeded(self) -> Collection[Subject]:
        """Note a success after failures; returns the subjects that failed because nothing got through.

        They should not wait out a back-off that was meant for the receiver's absence. Those that fail again are suspect
        then, and wait out theirs.
        """
        released = self._failed if self._failures_in_run >= OPEN_AFTER else ()
        self._failed = set()
        self._failures = self._failures_in_run = 0
        self.run += 1
        self._close()
        return released

    def enable(self) -> None:
        """Begin anew, as if nothing had failed."""
        self.is_disabled = False
        self.paused_until_s = 0.0
        self.succeeded()

    def unused(self) -> None:
        """Take back an admission for which nothing was sent."""
        self._probing_since_s = self.ends_probe = None

    def _note(self, subject: Subject) -> bool:
        """Note a failure of a subject; returns whether it says something of the sink."""
        if subject.run is not None and subject.run != self.run:
            subject.suspect = True
        subject.run = self.run
        if subject.suspect:
            return False
        self._failed.add(subject)
        self._failures_in_run += 1
        return True

    def _put_off(self, now_s: float, asked_s: float) -> None:
        self._probes_failed += 1
        self._probing_since_s = self.ends_probe = None
        self._probed_at_s = now_s
        delay_s = max(self._probes.delay_s(self._probes_failed, self._jitter()), asked_s)
        # What the receiver asked for was no answer to those that it does not know yet.
        self._probe_at_s = now_s + (min(delay_s, self._news_s) if self._news else delay_s)

    def _close(self) -> None:
        self.is_open = False
        self._news = False
        self._probing_since_s = self.ends_probe = None
        self._probes_failed = 0


class SinkHealth:
    """Watches the breaker of the sink `name`, and turns it off and on; the runtime's logger has the sink bound."""

    def __init__(self, runtime: Runtime, name: str, observer: SinkObserver, breaker: SinkBreaker) -> None:
        self.state = SinkState(name)
        self._breaker = breaker
        self._clock = runtime.clock
        self._logger = runtime.logger
        self._observer = observer

    def review(self, error: SinkError | None = None) -> None:
        """See whether nothing gets through any more, after `error`, or something does again."""
        was, is_now = self.state.condition, self._breaker.is_open
        if was is SinkCondition.DISABLED:
            return
        if is_now and was is SinkCondition.OK:
            self._become(SinkCondition.UNAVAILABLE, error)
            self._logger.warning("sink.unavailable", error=str(error))
        elif was is SinkCondition.UNAVAILABLE and not is_now:
            self._become(SinkCondition.OK, None)
            self._logger.info("sink.answers")

    def disable(self, error: SinkError) -> None:
        """Try nothing any more: the receiver wants no more events."""
        if not self._breaker.is_disabled:
            self._logger.error("sink.disabled", error=str(error))
        self._breaker.is_disabled = True
        self._observer.disabled(is_disabled=True)
        self._become(SinkCondition.DISABLED, error)

    def enable(self) -> bool:
        """Begin anew where the receiver wanted no more events; returns whether that was so."""
        if not self._breaker.is_disabled:
            return False
        self._breaker.enable()
        self._observer.disabled(is_disabled=False)
        self._become(SinkCondition.OK, None)
        self._logger.info("sink.enabled")
        return True

    def _become(self, condition: SinkCondition, error: SinkError | None) -> None:
        since: datetime | None = None if condition is SinkCondition.OK else self._clock.now()
        self.state = SinkState(self.state.name, condition, since, None if error is None else str(error))
