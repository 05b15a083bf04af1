"""How a source is spared."""

from dataclasses import dataclass

from jobwatchd.engine.poller import DEFAULT_LOST_AFTER, LostAfter


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """How a source is spared: polls in flight, polls a second (None: no limit), and when verdicts fall.

    `hint_bound_s` is for how long a source's hint that nothing moved may stand in for looking at a job. `silence_s` is
    how long the lane may get nothing done before it counts as hanging; longer than any poll may take.
    """

    concurrency: int = 64
    rate: float | None = None
    lost_after: LostAfter = DEFAULT_LOST_AFTER
    unreachable_after_s: float = 60.0
    hint_bound_s: float = 30.0
    silence_s: float = 60.0
