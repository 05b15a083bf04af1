"""The metrics sink."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from jobwatchd.model.event import Event, EventType
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import State, Task
from jobwatchd.sinks.metrics.sink import MetricsSink
from jobwatchd.telemetry import JobMetrics


@pytest.fixture
def registry() -> CollectorRegistry:
    """Return a registry of this test's own."""
    return CollectorRegistry()


@pytest.fixture
def sink(registry: CollectorRegistry) -> MetricsSink:
    """Return a sink that counts into the registry."""
    return MetricsSink("prometheus", JobMetrics(registry))


def counted(registry: CollectorRegistry) -> dict[str, float]:
    """Return what is not nothing, without bucket boundaries and creation times: `name{label values}` to value."""
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.value and not sample.name.endswith(("_bucket", "_created"))
    }


async def test_the_end_of_a_job_is_counted_and_timed(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """A transition, a finished job, its duration, and how late it was seen."""
    await sink.send(event)
    assert counted(registry) == {
        "jobwatchd_transitions_total{graph,failed}": 1,
        "jobwatchd_jobs_finished_total{graph,failed}": 1,
        "jobwatchd_job_duration_seconds_count{graph,failed}": 1,
        "jobwatchd_job_duration_seconds_sum{graph,failed}": 90,
        "jobwatchd_detection_delay_seconds_count{graph}": 1,
        "jobwatchd_detection_delay_seconds_sum{graph}": 2.5,
    }


async def test_series_add_up_per_source_and_state(event: Event, sink: MetricsSink, registry: CollectorRegistry) -> None:
    """A child that is kept is the right one."""
    for source in ("graph", "media", "graph"):
        await sink.send(replace(event, source=source))
    await sink.send(replace(event, type=EventType.JOB_SUCCEEDED, state=State.SUCCEEDED))
    values = counted(registry)
    assert values["jobwatchd_transitions_total{graph,failed}"] == 2
    assert values["jobwatchd_transitions_total{media,failed}"] == 1
    assert values["jobwatchd_jobs_finished_total{graph,failed}"] == 2
    assert values["jobwatchd_jobs_finished_total{graph,succeeded}"] == 1
    assert values["jobwatchd_job_duration_seconds_count{media,failed}"] == 1
    assert values["jobwatchd_detection_delay_seconds_count{graph}"] == 3


async def test_a_job_that_began_is_not_finished(event: Event, sink: MetricsSink, registry: CollectorRegistry) -> None:
    """Only the transition is counted where no remote time is known."""
    await sink.send(replace(event, type=EventType.JOB_RUNNING, state=State.RUNNING, occurred_at=None))
    assert counted(registry) == {"jobwatchd_transitions_total{graph,running}": 1}


async def test_an_inferred_state_has_no_detection_delay(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """It was never detected."""
    await sink.send(replace(event, type=EventType.JOB_RUNNING, state=State.RUNNING, inferred=True))
    assert counted(registry) == {"jobwatchd_transitions_total{graph,running}": 1}


async def test_a_job_found_in_a_state_has_no_detection_delay(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """Its age says when somebody thought of watching it, not how quick we are."""
    await sink.send(replace(event, type=EventType.JOB_RUNNING, state=State.RUNNING, previous_state=None))
    assert counted(registry) == {"jobwatchd_transitions_total{graph,running}": 1}


async def test_a_lost_job_is_finished_but_in_no_state(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """The last known state is not where it ended."""
    await sink.send(replace(event, type=EventType.JOB_LOST, state=State.RUNNING))
    assert counted(registry) == {"jobwatchd_jobs_finished_total{graph,lost}": 1}


async def test_an_end_without_times_is_counted_untimed(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """A job that was cancelled in its queue never ran."""
    await sink.send(replace(event, type=EventType.JOB_CANCELLED, facts=JobFacts(), occurred_at=None))
    assert counted(registry) == {
        "jobwatchd_transitions_total{graph,cancelled}": 1,
        "jobwatchd_jobs_finished_total{graph,cancelled}": 1,
    }


@pytest.mark.parametrize(
    "kind",
    [
        EventType.JOB_REOPENED,
        EventType.JOB_UNMAPPED,
        EventType.TASK_FAILED,
        EventType.SOURCE_UNREACHABLE,
    ],
)
async def test_what_is_no_change_of_a_jobs_state_is_not_counted(
    kind: EventType, event: Event, task: Task, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """Tasks, sources and remarks about a job are no transitions."""
    await sink.send(replace(event, type=kind, task=task))
    assert counted(registry) == {}


async def test_an_overdue_job_is_counted_and_not_finished(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """It goes on."""
    await sink.send(replace(event, type=EventType.JOB_OVERDUE, state=State.RUNNING))
    assert counted(registry) == {"jobwatchd_jobs_overdue_total{graph}": 1}


def shown(registry: CollectorRegistry, source: str) -> set[str]:
    """Return which states a source's finished jobs are counted by, nothing included."""
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    return {
        sample.labels["state"]
        for sample in samples
        if sample.name == "jobwatchd_jobs_finished_total" and sample.labels["source"] == source
    }


async def test_counters_of_known_sources_begin_at_nothing(registry: CollectorRegistry) -> None:
    """A counter that appears as 1 has not increased, as Prometheus sees it."""
    MetricsSink("prometheus", JobMetrics(registry), ["graph"])
    assert shown(registry, "graph") == {"succeeded", "failed", "cancelled", "lost"}
    assert registry.get_sample_value("jobwatchd_jobs_overdue_total", {"source": "graph"}) == 0
    assert registry.get_sample_value("jobwatchd_transitions_total", {"source": "graph", "to": "running"}) == 0


async def test_a_source_that_came_later_is_shown_from_its_first_event(
    event: Event, sink: MetricsSink, registry: CollectorRegistry
) -> None:
    """Whatever that event is."""
    await sink.send(replace(event, source="new", type=EventType.JOB_QUEUED, state=State.QUEUED))
    assert shown(registry, "new") == {"succeeded", "failed", "cancelled", "lost"}
