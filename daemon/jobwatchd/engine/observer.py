"""Who is told how the engine fares: metrics are one such observer, traces may be another.

Everything here is called in the event loop, much of it at every poll: an observer is quick, waits for nothing and never
raises. What is started ends, unless the process does, with an answer or a failure of the same job, group or event; the
two come from one task. All times are in seconds.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from jobwatchd.errors import SinkError, SourceError, StoreError
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference


class SourceObserver(Protocol):
    """Is told of one source."""

    def poll_started(self, ref: JobReference, late_s: float) -> None:
        """Note that a job is asked for, so long after it was due."""

    def poll_answered(self, ref: JobReference, took_s: float) -> None:
        """Note that the answer was read."""

    def poll_failed(self, ref: JobReference, error: SourceError) -> None:
        """Note that there was no answer, or none of use."""

    def list_started(self, group: str, late_s: float) -> None:
        """Note that many jobs of a list are asked for, so long after the first of them was due."""

    def list_answered(self, group: str, took_s: float, requests: int) -> None:
        """Note that the list was read, in so many requests."""

    def list_failed(self, group: str, error: SourceError) -> None:
        """Note that there was no list, or none of use."""

    def watches_counted(self, state: str, count: int) -> None:
        """Note that so many watches are in a state now."""

    def answers(self, *, is_up: bool) -> None:
        """Note that the source answers, or that polls into it fail."""


class SinkObserver(Protocol):
    """Is told of one sink."""

    def opened(self) -> None:
        """Note that its deliveries begin."""

    def delivery_started(self, event: Event) -> None:
        """Note that an event is sent."""

    def delivered(self, event: Event, latency_s: float) -> None:
        """Note that the event was taken, so long after its commit."""

    def delivery_failed(self, event: Event, error: SinkError) -> None:
        """Note that the event was not taken, for now or for good."""

    def handed_over(self, count: int) -> None:
        """Note that so many events of a commit were taken by a sink that has no deliveries."""

    def disabled(self, *, is_disabled: bool) -> None:
        """Note that the receiver wants no more events, or that somebody has enabled the sink."""

    def backlog_counted(self, pending: int, dead: int, oldest_at: datetime | None) -> None:
        """Note how much waits for the sink, the oldest since then; None where nothing waits."""


class Observer(Protocol):
    """Is told of everything else."""

    def source(self, name: str) -> SourceObserver:
        """Return who is told of a source."""

    def sink(self, name: str) -> SinkObserver:
        """Return who is told of a sink."""

    def committed(self, events: Sequence[Event], took_s: float) -> None:
        """Note that these events are on disk, after a transaction of so long."""

    def dropped(self, deliveries: int) -> None:
        """Note that so many deliveries to a sink that is not configured any more were dropped."""

    def store_failed(self, error: StoreError) -> None:
        """Note that a call of the store failed for now, and is made again."""

    def store_answers(self, *, is_up: bool) -> None:
        """Note that the store can be used again, or that work waits for it."""

    def loop_progressed(self, loop: str, at: datetime) -> None:
        """Note that a loop got on with its work, or had none."""

    def loop_ended(self, loop: str) -> None:
        """Note that nothing is expected of a loop any more."""
