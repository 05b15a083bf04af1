"""The daemon's own metrics: names, labels and buckets in one place.

`Telemetry` is built on the registry it is given; nothing is global. Those of the `metrics` sink are in `JobMetrics`,
because a user chooses whether to have them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import accumulate
from platform import python_version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

POLL_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LATENESS_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
DELAY_BUCKETS_S = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 2400.0, 3600.0)
DURATION_BUCKETS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 259_200.0)


class Tally:
    """Counts values in buckets, at a fifth of what a library histogram costs; for what happens at every poll.

    Written by the event loop alone, read by a scrape in another thread: a scrape may miss the last value, no more.
    """

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


class Count:
    """Counts what happens at every poll, at a tenth of what a library counter costs; see `Tally`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class CountCounter(Collector):
    """A counter by some labels whose children are counts."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._children: dict[tuple[str, ...], Count] = {}
        registry.register(self)

    def of(self, *labels: str) -> Count:
        """Return the count for these values of the labels."""
        return self._children.setdefault(labels, Count())

    def describe(self) -> Iterator[Metric]:
        """Name the metric without looking at any count."""
        yield CounterMetricFamily(self._name, self._documentation, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        """Return what was counted."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, count in list(self._children.items()):
            family.add_metric(labels, count.value)
        yield family


class TallyHistogram(Collector):
    """A histogram by source whose children are tallies."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = bounds
        self._children: dict[str, Tally] = {}
        registry.register(self)

    def of(self, source: str) -> Tally:
        """Return the tally of a source."""
        return self._children.setdefault(source, Tally(self._bounds))

    def describe(self) -> Iterator[Metric]:
        """Name the metric without looking at any tally."""
        yield HistogramMetricFamily(self._name, self._documentation, labels=["source"])

    def collect(self) -> Iterator[Metric]:
        """Return what was counted."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=["source"])
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for source, tally in list(self._children.items()):
            family.add_metric([source], list(zip(names, accumulate(tally.counts), strict=True)), tally.total)
        yield family


class ReadCounter(Collector):
    """A counter without labels that somebody else keeps; `read`, once it is set, returns it at each scrape."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        self._about = (name, documentation)
        self.read: Callable[[], float] = float
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Return what was counted."""
        yield CounterMetricFamily(*self._about, value=self.read())


class Telemetry:
    """How polling, delivery and the loops fare."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._build_poll_metrics(registry)
        self._build_delivery_metrics(registry)
        self.last_progress = Gauge(
            "jobwatchd_last_progress_timestamp_seconds",
            "When a loop of the daemon last made progress.",
            ["loop"],
            registry=registry,
        )
        self.log_lines_dropped = ReadCounter(
            "jobwatchd_log_lines_dropped",
            "Lines of the daemon's own log that nobody read in time, or that could not be written.",
            registry,
        )
        Gauge(
            "jobwatchd_build_info",
            "Always 1; the labels say what is running.",
            ["version", "python"],
            registry=registry,
        ).labels(version("jobwatchd"), python_version()).set(1)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    def _build_poll_metrics(self, registry: CollectorRegistry) -> None:
        self.watches = Gauge(
            "jobwatchd_watches",
            "Watches that are polled, by the last known state of their jobs.",
            ["source", "state"],
            registry=registry,
        )
        self.polls = CountCounter("jobwatchd_polls", "Requests made to learn about jobs.", ["source", "mode"], registry)
        self.polls_failed = Counter(
            "jobwatchd_polls_failed",
            "Polls that did not yield an observation.",
            ["source", "reason"],
            registry=registry,
        )
        self.poll_duration = TallyHistogram(
            "jobwatchd_poll_duration_seconds",
            "From sending a poll to having read its answer.",
            POLL_BUCKETS_S,
            registry,
        )
        self.poll_lateness = TallyHistogram(
            "jobwatchd_poll_lateness_seconds",
            "How long after its due time a poll was begun.",
            LATENESS_BUCKETS_S,
            registry,
        )
        self.source_up = Gauge(
            "jobwatchd_source_up",
            "1 while a source answers, 0 while polls into it fail.",
            ["source"],
            registry=registry,
        )

    def _build_delivery_metrics(self, registry: CollectorRegistry) -> None:
        self.deliveries = Counter("jobwatchd_deliveries", "Events that a sink has taken.", ["sink"], registry=registry)
        self.deliveries_failed = Counter(
            "jobwatchd_deliveries_failed",
            "Attempts to deliver that failed.",
            ["sink", "reason"],
            registry=registry,
        )
        self.delivery_latency = Histogram(
            "jobwatchd_delivery_latency_seconds",
            "From an event's commit to its being taken by a sink.",
            ["sink"],
            buckets=DELAY_BUCKETS_S,
            registry=registry,
        )
        self.deliveries_pending = Gauge(
            "jobwatchd_deliveries_pending", "Events waiting to be taken by a sink.", ["sink"], registry=registry
        )
        self.delivery_oldest = Gauge(
            "jobwatchd_delivery_oldest_timestamp_seconds",
            "When the oldest event still waiting for a sink was committed; 0 when none waits.",
            ["sink"],
            registry=registry,
        )
        self.dead_letters = Gauge(
            "jobwatchd_dead_letters", "Events that a sink would not take, kept for replay.", ["sink"], registry=registry
        )


class JobMetrics:
    """What the watched jobs do; filled by the `metrics` sink. Job ids are never a label."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.transitions = Counter(
            "jobwatchd_transitions", "Changes of state that were seen or inferred.", ["source", "to"], registry=registry
        )
        self.jobs_finished = Counter(
            "jobwatchd_jobs_finished",
            "Jobs seen to come to an end, lost ones included.",
            ["source", "state"],
            registry=registry,
        )
        self.jobs_overdue = Counter(
            "jobwatchd_jobs_overdue",
            "Jobs that had not ended by their deadline; each is counted once.",
            ["source"],
            registry=registry,
        )
        self.job_duration = Histogram(
            "jobwatchd_job_duration_seconds",
            "How long finished jobs ran, by their own clock.",
            ["source", "state"],
            buckets=DURATION_BUCKETS_S,
            registry=registry,
        )
        self.detection_delay = Histogram(
            "jobwatchd_detection_delay_seconds",
            "From a remote change of state to its being seen.",
            ["source"],
            buckets=DELAY_BUCKETS_S,
            registry=registry,
        )
