"""The metrics that do not come ready-made."""

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from jobwatchd.instruments import Registry, Tally, TallyHistogram
from jobwatchd.telemetry import JobMetrics, Telemetry


def test_a_tally_counts_each_value_in_its_bucket() -> None:
    """A bound belongs to the bucket below it, as in every Prometheus histogram."""
    tally = Tally((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        tally.observe(value)
    assert (tally.counts, tally.total) == ([2, 1, 1], 7.65)


def test_a_tally_histogram_is_a_prometheus_histogram() -> None:
    """Cumulative buckets, count and sum, by source; a source without values is there too."""
    registry = CollectorRegistry()
    histogram = TallyHistogram("waiting_seconds", "How long.", (0.1, 1.0), registry)
    histogram.of("graph").observe(0.5)
    histogram.of("graph").observe(2.0)
    histogram.of("media")
    lines = generate_latest(registry).decode().splitlines()
    assert lines == [
        "# HELP waiting_seconds How long.",
        "# TYPE waiting_seconds histogram",
        'waiting_seconds_bucket{le="0.1",source="graph"} 0.0',
        'waiting_seconds_bucket{le="1.0",source="graph"} 1.0',
        'waiting_seconds_bucket{le="+Inf",source="graph"} 2.0',
        'waiting_seconds_count{source="graph"} 2.0',
        'waiting_seconds_sum{source="graph"} 2.5',
        'waiting_seconds_bucket{le="0.1",source="media"} 0.0',
        'waiting_seconds_bucket{le="1.0",source="media"} 0.0',
        'waiting_seconds_bucket{le="+Inf",source="media"} 0.0',
        'waiting_seconds_count{source="media"} 0.0',
        'waiting_seconds_sum{source="media"} 0.0',
    ]


def touched(registry: Registry, label: str, *values: str) -> None:
    """Have every instrument that has this label show something under each of the values."""
    for instrument in registry._instruments:
        # Those of the library, then our own.
        names = getattr(instrument, "_labelnames", getattr(instrument, "_labels", ("source",)))
        if label in names:
            for value in values:
                given = [value if name == label else "x" for name in names]
                next(getattr(instrument, method) for method in ("labels", "of") if hasattr(instrument, method))(*given)


def shown(registry: Registry, label: str) -> dict[str, set[str]]:
    """Return which values of a label each metric shows."""
    samples = [sample for family in registry.collect() for sample in family.samples if label in sample.labels]
    return {
        name: {sample.labels[label] for sample in samples if sample.name == name}
        for name in {sample.name for sample in samples}
    }


@pytest.mark.parametrize("label", ["source", "sink"])
def test_no_metric_remembers_what_is_gone(label: str) -> None:
    """Whatever has the label shows nothing of it any more, and all of the others; a metric of tomorrow too."""
    registry = Registry()
    telemetry = Telemetry(registry)
    JobMetrics(registry)
    Counter("jobwatchd_tomorrow", "Not thought of yet.", ["reason", label], registry=registry)
    touched(registry, label, "gone", "stays")
    before = shown(registry, label)
    assert "jobwatchd_tomorrow_total" in before
    assert all(values == {"gone", "stays"} for values in before.values())
    (telemetry.forget_source if label == "source" else telemetry.forget_sink)("gone")
    assert shown(registry, label) == {name: {"stays"} for name in before}


def test_who_comes_back_counts_from_nothing() -> None:
    """A source that was forgotten and is there again under its name has new counters."""
    registry = Registry()
    telemetry = Telemetry(registry)
    telemetry.polls.of("graph", "single").value = 5
    telemetry.forget_source("graph")
    telemetry.polls.of("graph", "single").value += 1
    assert registry.get_sample_value("jobwatchd_polls_total", {"source": "graph", "mode": "single"}) == 1


def test_dropped_lines_are_read_at_each_scrape() -> None:
    """Whoever drops them knows nothing of metrics; before anybody does, there are none."""
    registry = Registry()
    telemetry = Telemetry(registry)
    assert registry.get_sample_value("jobwatchd_log_lines_dropped_total") == 0
    telemetry.log_lines_dropped.read = lambda: 7
    assert registry.get_sample_value("jobwatchd_log_lines_dropped_total") == 7
