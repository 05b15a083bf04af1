"""The search for the highest rate that is kept up: every poll begun within a second of its due time, nearly always."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

LATE_S = 1.0
KEPT = 0.9
STEP = 1.25
FINE = 1.08


@dataclass(frozen=True, slots=True)
class Reading:
    """What a contender did when asked for `offered` polls a second; `core` is the part of one core it used."""

    offered: float
    polls_per_s: float
    p50_s: float
    p99_s: float
    cpu_us_per_poll: float
    core: float

    @property
    def is_sustained(self) -> bool:
        """Whether that rate can go on for ever: p99 lateness below a second, and nearly all polls made."""
        return self.p99_s < LATE_S and self.polls_per_s >= KEPT * self.offered


def find_sustained(measure: Callable[[float], Reading], guess: float, looks: int) -> Reading:
    """Return the fastest sustained reading of at most `looks`; the last one made where none is sustained.

    It begins at `guess`, and closes in on the limit from both sides.
    """
    best: Reading | None = None
    too_much = inf
    while True:
        reading = measure(guess)
        looks -= 1
        if reading.is_sustained:
            best = reading
            guess = min(reading.offered * STEP, (reading.offered + too_much) / 2)
        else:
            too_much = min(too_much, reading.offered)
            # What it did under too much is a fair guess of what it can do, unless too much made it collapse.
            guess = min(max(reading.polls_per_s * 0.97, reading.offered / STEP**2), reading.offered / FINE)
            if best is not None:
                guess = max(guess, best.offered * FINE)
        if looks == 0 or (best is not None and too_much <= best.offered * FINE**2):
            return best or reading


def confirm_sustained(measure: Callable[[float], Reading], guess: float) -> Reading:
    """Return a reading near a limit that is known already: a little above `guess`, or else what it can do."""
    reading = measure(guess * FINE)
    if reading.is_sustained:
        return reading
    again = measure(min(reading.polls_per_s * 0.97, guess))
    return again if again.is_sustained else reading
