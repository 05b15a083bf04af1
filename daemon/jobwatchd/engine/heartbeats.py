"""Which loop made progress when, and what all of them wait for; liveness, readiness and the watchdog go by it."""

from collections.abc import Sequence

from jobwatchd.engine.observer import Observer
from jobwatchd.ports import Clock

# How long a loop with nothing to do sleeps at most, so that it has a heartbeat all the same.
LONGEST_NAP_S = 5.0


class Heartbeats:
    """The heartbeat of every loop; implements `ports.Heartbeats`.

    A loop calls `progress` when it got on with its work, or had none; never merely because it is scheduled. During an
    outage of what they depend on, no loop counts as hanging: a restart would not get on either.
    """

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._silence_s: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._outages: dict[str, str] = {}
        self._outage_ended_s = 0.0
        self._ready = False
        self._started = False

    @property
    def ready(self) -> bool:
        """Whether start-up has come to its end, and shutdown has not begun."""
        return self._ready

    def set_ready(self, ready: bool) -> None:  # noqa: FBT001 - the value is the whole message
        """Say that start-up has ended, or that shutdown begins."""
        self._ready = ready
        self._started = self._started or ready

    @property
    def started(self) -> bool:
        """Whether start-up has come to its end."""
        return self._started

    def set_outage(self, what: str, why: str | None) -> None:
        """Say that work waits for `what`, which cannot be used now, and why; None: that it waits no more."""
        if why is not None:
            self._outages[what] = why
        elif self._outages.pop(what, None) is not None:
            self._outage_ended_s = self._clock.monotonic()

    def outages(self) -> Sequence[str]:
        """Return one sentence for each thing that work waits for; it passes, and a restart would not help."""
        return list(self._outages.values())

    def register(self, loop: str, silence_s: float) -> None:
        """Expect `loop` to make progress at least every `silence_s` seconds from now on."""
        self._silence_s[loop] = silence_s
        self.progress(loop)

    def forget(self, loop: str) -> None:
        """Expect nothing of `loop` any more."""
        if self._silence_s.pop(loop, None) is not None:
            del self._beats[loop]
            self._observer.loop_ended(loop)

    def progress(self, loop: str) -> None:
        """Note that `loop` made progress; one that is not registered (any more) is not listened to."""
        if loop in self._silence_s:
            self._beats[loop] = self._clock.monotonic()
            self._observer.loop_progressed(loop, self._clock.now())

    def problems(self) -> Sequence[str]:
        """Return one sentence for each loop that made no progress for too long; empty when all is well."""
        now_s = self._clock.monotonic()
        if self._outages:
            return []
        silences_s = {loop: now_s - max(beat_s, self._outage_ended_s) for loop, beat_s in self._beats.items()}
        return [
            f"{loop} made no progress for {silence_s:.0f} s, expected every {self._silence_s[loop]:.0f} s"
            for loop, silence_s in silences_s.items()
            if silence_s > self._silence_s[loop]
        ]
