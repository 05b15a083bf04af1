"""How often a source is polled, and how it is spared."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from jobwatchd.model.cadence import Cadence
from jobwatchd.values.section import Section
from jobwatchd.values.units import Count, Duration, PositiveDuration, Rate, check_bounds

_ADAPTIVE = ("min_interval", "max_interval", "age_fraction")


class LostAfterSettings(Section):
    """When a job counts as lost: so many not-founds in a row, the first of them at least `grace` ago."""

    not_found: Count = 3
    grace: Duration = 60.0


class PollSettings(Section):
    """Cadence and limits of one source."""

    min_interval: PositiveDuration = 2.0
    max_interval: PositiveDuration = 1_800.0
    age_fraction: Annotated[float, Field(gt=0, le=1)] = 0.05
    interval: PositiveDuration | None = None
    jitter: Annotated[float, Field(ge=0, lt=1)] = 0.1
    linger: Duration = 0.0
    concurrency: Count = 64
    rate: Rate = 500.0
    lost_after: LostAfterSettings = LostAfterSettings()
    unreachable_after: Duration = 60.0
    hint_bound: Duration = 30.0

    @model_validator(mode="after")
    def _check_intervals(self) -> Self:
        excluded = [name for name in _ADAPTIVE if name in self.model_fields_set]
        if self.interval is not None and excluded:
            raise ValueError(f"interval fixes the time between polls and excludes {', '.join(excluded)}; expected one")
        check_bounds(self.min_interval, self.max_interval)
        return self

    def cadence(self) -> Cadence:
        """Return how often the source's jobs are polled."""
        return Cadence(
            min_interval_s=self.min_interval,
            max_interval_s=self.max_interval,
            age_fraction=self.age_fraction,
            fixed_interval_s=self.interval,
            jitter=self.jitter,
            linger_s=self.linger,
        )


class RevivablePollSettings(PollSettings):
    """The same, for an API whose ended jobs can come back to life."""

    linger: Duration = 600.0
