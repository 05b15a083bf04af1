"""How a source is polled: how often, within which limits, and when verdicts fall."""

from dataclasses import dataclass

from jobwatchd.model.cadence import Cadence


@dataclass(frozen=True, slots=True)
class LostAfter:
    """When a job counts as lost: this many not-founds in a row, the first of them at least `grace_s` ago."""

    not_found: int = 3
    grace_s: float = 60.0


DEFAULT_CADENCE = Cadence()
DEFAULT_LOST_AFTER = LostAfter()


@dataclass(frozen=True, slots=True)
class LanePolicy:
    """How a source is polled: polls in flight, polls a second (None: no limit), how often each watch, and verdicts.

    `hint_bound_s` is for how long a source's hint that nothing moved may stand in for looking at a job. `silence_s` is
    how long the lane may get nothing done before it counts as hanging; longer than any poll may take.
    """

    concurrency: int = 64
    rate: float | None = None
    cadence: Cadence = DEFAULT_CADENCE
    lost_after: LostAfter = DEFAULT_LOST_AFTER
    unreachable_after_s: float = 60.0
    hint_bound_s: float = 30.0
    silence_s: float = 60.0
