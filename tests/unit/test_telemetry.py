"""The metrics that do not come ready-made."""

from prometheus_client import CollectorRegistry, generate_latest

from jobwatchd.telemetry import Tally, TallyHistogram, Telemetry


def test_a_tally_counts_each_value_in_its_bucket():
    """A bound belongs to the bucket below it, as in every Prometheus histogram."""
    tally = Tally((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        tally.observe(value)
    assert (tally.counts, tally.total) == ([2, 1, 1], 7.65)


def test_a_tally_histogram_is_a_prometheus_histogram():
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


def test_dropped_lines_are_read_at_each_scrape():
    """Whoever drops them knows nothing of metrics; before anybody does, there are none."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry)
    assert registry.get_sample_value("jobwatchd_log_lines_dropped_total") == 0
    telemetry.log_lines_dropped.read = lambda: 7
    assert registry.get_sample_value("jobwatchd_log_lines_dropped_total") == 7
