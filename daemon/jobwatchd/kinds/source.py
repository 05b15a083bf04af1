"""The section of a source: each kind has one of its own, which knows how the source is built."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, ClassVar

from pydantic import BaseModel

from jobwatchd.kinds.clients import Context
from jobwatchd.kinds.http import HttpSettings
from jobwatchd.kinds.poll import PollSettings
from jobwatchd.kinds.recipes import secret_recipe
from jobwatchd.ports import Answer, HttpClient, Source
from jobwatchd.rotation import Rotating
from jobwatchd.values.job_parameters import JobParameters
from jobwatchd.values.section import Section
from jobwatchd.values.urls import BaseUrl


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
class SourceContext(Context):
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
