"""A sink, what it wants, and how it is tried."""

from dataclasses import dataclass

from jobwatchd.model.delivery import DEFAULT_RETRY, Retry
from jobwatchd.model.filters import EventFilter
from jobwatchd.ports import Sink


@dataclass(frozen=True, slots=True)
class SinkBinding:
    """A sink with its policy; `silence_s` is longer than any one attempt may take."""

    sink: Sink
    filter: EventFilter
    retry: Retry = DEFAULT_RETRY
    concurrency: int = 16
    silence_s: float = 60.0
