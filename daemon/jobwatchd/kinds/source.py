"""The section of a source: each kind has one of its own, which knows how the source is built."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from jobwatchd.kinds.clients import BuildContext
from jobwatchd.kinds.http import HttpSettings
from jobwatchd.kinds.secrets import secret_recipe
from jobwatchd.model.cadence import Cadence
from jobwatchd.ports import Answer, HttpClient, Source
from jobwatchd.rotation import Rotating
from jobwatchd.values.job_parameters import JobParameters
from jobwatchd.values.section import Section
from jobwatchd.values.units import Count, Duration, PositiveDuration, Rate, check_bounds
from jobwatchd.values.urls import BaseUrl

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


@dataclass(frozen=True, slots=True)
class Finding:
    """What one expression of `read` found; `value` is a `Misfit` where it cannot be applied."""

    key: str
    expression: str
    value: Any


@dataclass(frozen=True, slots=True)
class Misfit:
    """An expression cannot be applied to an answer; `why` says so."""

    why: str


@dataclass(frozen=True, slots=True)
class SourceContext(BuildContext):
    """What a source of this name is built with."""

    group: ClassVar[str] = "sources"

    def client(self, section: "HttpSourceSection") -> HttpClient:
        """Return a new HTTP client; raises `ConfigError`."""
        return self.clients.of_source(self.place, section, section.base_url, section.poll.concurrency)

    def secret(self, section: BaseModel, key: str) -> Rotating[str]:
        """Return the secret under a key of the section, which follows its file."""
        given: str = getattr(section, key).get_secret_value()
        return self.clients.rotation.follow(secret_recipe(self.place, section, key), given)


class SourceSection(Section):
    """What the sections of all sources have in common; each kind adds `kind`, a literal of its name."""

    job_parameters: ClassVar[JobParameters] = JobParameters()

    poll: PollSettings = PollSettings()

    @abstractmethod
    def build(self, context: SourceContext) -> Source:
        """Return a new source; raises `ConfigError`."""

    def attempt_s(self) -> float:
        """Return how long one request may take at most, in seconds; infinity where nobody knows."""
        return inf

    def naming(self) -> JobParameters:
        """Return what names a job there."""
        return self.job_parameters

    @classmethod
    def naming_in(cls, tree: Mapping[str, Any]) -> JobParameters:  # noqa: ARG003 - for kinds whose sections say it
        """Return the same for a section that is not checked yet; without names where it is wrong."""
        return cls.job_parameters

    def findings(self, where: str, answer: Answer, now: datetime) -> Sequence[Finding]:  # noqa: ARG002 - for kinds that have some
        """Return what each expression found in an answer, for kinds that have some; `where` begins messages."""
        return ()


class HttpSourceSection(HttpSettings, SourceSection):
    """What all polled HTTP APIs have in common."""

    base_url: BaseUrl

    def attempt_s(self) -> float:
        """Return how long one request may take at most, in seconds."""
        return self.timeout.total

    @classmethod
    def path_in(cls, tree: Mapping[str, Any]) -> str | None:  # noqa: ARG003 - for kinds that have one
        """Return the path that requests add to `base_url`, of a section that is not checked yet; None for none."""
        return None
