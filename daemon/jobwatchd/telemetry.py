"""The daemon's own metrics: names, labels and buckets in one place.

`Telemetry` is built on the registry it is given; nothing is global. Those of the `metrics` sink are in `JobMetrics`,
because a user chooses whether to have them.
"""

from importlib.metadata import version
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

from jobwatchd.instruments import CountCounter, ReadCounter, Registry, TallyHistogram

POLL_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LATENESS_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
DELAY_BUCKETS_S = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 2400.0, 3600.0)
DURATION_BUCKETS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 259_200.0)


class Telemetry:
    """How polling, delivery and the loops fare."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._build_poll_metrics(registry)
        self._build_delivery_metrics(registry)
        self._build_store_metrics(registry)
        self._build_config_metrics(registry)
        self.last_progress = Gauge(
            "jobwatchd_last_progress_timestamp_seconds",
            "When a loop of the daemon last made progress.",
            ["loop"],
            registry=registry,
        )
        self.http_memory = Gauge(
            "jobwatchd_http_memory_bytes", "Memory that bodies in flight hold, out of http.memory.", registry=registry
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

    def _build_store_metrics(self, registry: CollectorRegistry) -> None:
        self.store_up = Gauge(
            "jobwatchd_store_up", "1, or 0 while work waits for a database that cannot be used.", registry=registry
        )
        self.store_up.set(1)
        self.store_errors = Counter(
            "jobwatchd_store_errors",
            "Calls of the store that failed for now, and were made again.",
            ["reason"],
            registry=registry,
        )

    def forget_source(self, name: str) -> None:
        """Show nothing of a source any more, in whatever metric; call it once nobody polls it."""
        self.registry.forget("source", name)

    def forget_sink(self, name: str) -> None:
        """Show nothing of a sink any more, in whatever metric; call it once nobody sends to it."""
        self.registry.forget("sink", name)

    def _build_config_metrics(self, registry: CollectorRegistry) -> None:
        self.reload_successful = Gauge(
            "jobwatchd_config_last_reload_successful",
            "1 if the configuration could be used when it was last read, 0 while an older one is in force.",
            registry=registry,
        )
        self.reload_success_time = Gauge(
            "jobwatchd_config_last_reload_success_timestamp_seconds",
            "When a configuration that could be used was last read.",
            registry=registry,
        )

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
        self.sink_disabled = Gauge(
            "jobwatchd_sink_disabled",
            "1 while a sink is off because its receiver wants no more events (410), 0 else.",
            ["sink"],
            registry=registry,
        )
        self.deliveries_dropped = Counter(
            "jobwatchd_deliveries_dropped",
            "Events that were waiting for a sink that is not configured any more, and were dropped.",
            registry=registry,
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
