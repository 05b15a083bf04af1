"""Jobs that are known beforehand."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from jobwatchd.model.shown import shown
from jobwatchd.model.watch import Policy
from jobwatchd.settings.names import Labels
from jobwatchd.settings.section import Section
from jobwatchd.settings.units import PositiveDuration, format_duration


def _check_parameter(value: object) -> str:
    # YAML reads an id of digits as a number; bool is one too, to Python.
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic gathers ValueErrors
            f"got {shown(value)}; expected text or a whole number: put it in quotes"
        )
    return value


class WatchSettings(Section):
    """One job to follow, and how it departs from its source's settings."""

    source: str
    job: dict[str, Annotated[str, BeforeValidator(_check_parameter)]]
    labels: Labels = Field(default_factory=dict)
    deadline: PositiveDuration | None = None
    initial: Literal["tell", "silent"] = "tell"
    min_interval: PositiveDuration | None = None
    max_interval: PositiveDuration | None = None

    @model_validator(mode="after")
    def _check_intervals(self) -> Self:
        if self.min_interval is not None and self.max_interval is not None and self.min_interval > self.max_interval:
            raise ValueError(
                f"min_interval ({format_duration(self.min_interval)}) is longer than max_interval "
                f"({format_duration(self.max_interval)}); expected at most the same"
            )
        return self

    def policy(self) -> Policy:
        """Return how the watch departs from its source's defaults."""
        return Policy(
            deadline_s=self.deadline,
            min_interval_s=self.min_interval,
            max_interval_s=self.max_interval,
            silent_start=self.initial == "silent",
        )
