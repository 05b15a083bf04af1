"""Which loop made progress when; what liveness, readiness and the service watchdog go by."""

from collections.abc import Sequence

from jobwatchd.ports import Clock
from jobwatchd.telemetry import Telemetry

# How long a loop with nothing to do sleeps at most, so that it has a pulse all the same.
LONGEST_NAP_S = 5.0


class Vitals:
    """The pulse of every loop; implements `ports.Vitals`.

    A loop calls `beat` when it got on with its work, or had none; never merely because it is scheduled.
    """

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._silence_s: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether start-up has come to its end, and shutdown has not begun."""
        return self._ready

    def set_ready(self, ready: bool) -> None:  # noqa: FBT001 - the value is the whole message
        """Say that start-up has ended, or that shutdown begins."""
        self._ready = ready

    def register(self, loop: str, silence_s: float) -> None:
        """Expect `loop` to make progress at least every `silence_s` seconds from now on."""
        self._silence_s[loop] = silence_s
        self.beat(loop)

    def forget(self, loop: str) -> None:
        """Expect nothing of `loop` any more."""
        if self._silence_s.pop(loop, None) is not None:
            del self._beats[loop]
            self._telemetry.last_progress.remove(loop)

    def beat(self, loop: str) -> None:
        """Note that `loop` made progress; one that is not registered (any more) is not listened to."""
        if loop in self._silence_s:
            self._beats[loop] = self._clock.monotonic()
            self._telemetry.last_progress.labels(loop).set(self._clock.now().timestamp())

    def ailments(self) -> Sequence[str]:
        """Return one sentence for each loop that made no progress for too long; empty when all is well."""
        now_s = self._clock.monotonic()
        return [
            f"{loop} made no progress for {now_s - beat_s:.0f} s, expected every {self._silence_s[loop]:.0f} s"
            for loop, beat_s in self._beats.items()
            if now_s - beat_s > self._silence_s[loop]
        ]
