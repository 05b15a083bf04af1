"""Turns what the engine tells of itself into Prometheus metrics; implements `engine.observer`."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from prometheus_client import Counter, Gauge, Histogram

from jobwatchd.errors import SinkError, SourceError, StoreBusy, StoreError, StoreFull, StoreUnavailable
from jobwatchd.model.event import Event
from jobwatchd.model.job import JobReference
from jobwatchd.telemetry import Telemetry


class PrometheusObserver:
    """Keeps the instruments of `telemetry` current; implements `engine.observer.Observer`."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        for error in (StoreBusy, StoreFull, StoreUnavailable):
            telemetry.store_errors.labels(error.reason)  # there from the start, so that the first one is an increase

    def source(self, name: str) -> "SourceMetrics":
        """Return what keeps the metrics of a source; new series begin here."""
        return SourceMetrics(self._telemetry, name)

    def sink(self, name: str) -> "SinkMetrics":
        """Return what keeps the metrics of a sink."""
        return SinkMetrics(self._telemetry, name)

    def committed(self, events: Sequence[Event], took_s: float) -> None:
        """Show nothing: the `metrics` sink counts events."""

    def dropped(self, deliveries: int) -> None:
        """Count deliveries to sinks that are gone."""
        self._telemetry.deliveries_dropped.inc(deliveries)

    def store_failed(self, error: StoreError) -> None:
        """Count a failed call."""
        self._telemetry.store_errors.labels(error.reason).inc()

    def store_answers(self, *, is_up: bool) -> None:
        """Show whether work waits for the store."""
        self._telemetry.store_up.set(is_up)

    def loop_progressed(self, loop: str, at: datetime) -> None:
        """Show when a loop made progress."""
        self._telemetry.last_progress.labels(loop).set(at.timestamp())

    def loop_ended(self, loop: str) -> None:
        """Show nothing of a loop any more."""
        self._telemetry.last_progress.remove(loop)


class SourceMetrics:
    """The metrics of one source; implements `engine.observer.SourceObserver`."""

    def __init__(self, telemetry: Telemetry, name: str) -> None:
        self._name = name
        self._singles = telemetry.polls.of(name, "single")
        self._lists = telemetry.polls.of(name, "list")
        self._observe_duration = telemetry.poll_duration.of(name).observe
        self._observe_lateness = telemetry.poll_lateness.of(name).observe
        self._failed = telemetry.polls_failed
        self._up = telemetry.source_up.labels(name)
        self._watches = telemetry.watches
        self._shown: dict[str, Gauge] = {}

    def poll_started(self, ref: JobReference, late_s: float) -> None:  # noqa: ARG002 - as everywhere here: jobs are no labels
        """Count a request, and how late it is."""
        self._singles.value += 1
        self._observe_lateness(late_s)

    def poll_answered(self, ref: JobReference, took_s: float) -> None:  # noqa: ARG002
        """Count an answer by how long it took."""
        self._observe_duration(took_s)

    def poll_failed(self, ref: JobReference, error: SourceError) -> None:  # noqa: ARG002
        """Count a failure by its reason."""
        self._failed.labels(self._name, error.reason).inc()

    def list_started(self, group: str, late_s: float) -> None:  # noqa: ARG002
        """Count how late a list is."""
        self._observe_lateness(late_s)

    def list_answered(self, group: str, took_s: float, requests: int) -> None:  # noqa: ARG002
        """Count requests, and an answer by how long it took."""
        self._lists.value += requests
        self._observe_duration(took_s)

    def list_failed(self, group: str, error: SourceError) -> None:  # noqa: ARG002
        """Count a request, and a failure by its reason."""
        self._lists.value += 1
        self._failed.labels(self._name, error.reason).inc()

    def watches_counted(self, state: str, count: int) -> None:
        """Show the watches in a state; a state that nobody is in has no series."""
        if not count:
            del self._shown[state]
            self._watches.remove(self._name, state)
            return
        if state not in self._shown:
            self._shown[state] = self._watches.labels(self._name, state)
        self._shown[state].set(count)

    def answers(self, *, is_up: bool) -> None:
        """Show whether the source answers."""
        self._up.set(is_up)


class SinkMetrics:
    """The metrics of one sink; implements `engine.observer.SinkObserver`."""

    def __init__(self, telemetry: Telemetry, name: str) -> None:
        self._telemetry = telemetry
        self._name = name

    # A series begins when it is first asked for: a sink that has no deliveries has no latency to show.
    @cached_property
    def _taken(self) -> Counter:
        return self._telemetry.deliveries.labels(self._name)

    @cached_property
    def _latency(self) -> Histogram:
        return self._telemetry.delivery_latency.labels(self._name)

    def opened(self) -> None:
        """Show the series of a sink from the start, so that the first event is an increase."""
        _ = self._taken, self._latency
        self.disabled(is_disabled=False)

    def delivery_started(self, event: Event) -> None:
        """Show nothing: what counts is the end."""

    def delivered(self, event: Event, latency_s: float) -> None:  # noqa: ARG002 - as below: events are no labels
        """Count an event, by its age."""
        self._taken.inc()
        self._latency.observe(latency_s)

    def delivery_failed(self, event: Event, error: SinkError) -> None:  # noqa: ARG002
        """Count a failure by its reason."""
        self._telemetry.deliveries_failed.labels(self._name, error.reason).inc()

    def handed_over(self, count: int) -> None:
        """Count events."""
        self._taken.inc(count)

    def disabled(self, *, is_disabled: bool) -> None:
        """Show whether the sink is off."""
        self._telemetry.sink_disabled.labels(self._name).set(is_disabled)

    def backlog_counted(self, pending: int, dead: int, oldest_at: datetime | None) -> None:
        """Show what waits."""
        self._telemetry.deliveries_pending.labels(self._name).set(pending)
        self._telemetry.dead_letters.labels(self._name).set(dead)
        self._telemetry.delivery_oldest.labels(self._name).set(oldest_at.timestamp() if oldest_at else 0)
