"""What the watched jobs do, as Prometheus counters and histograms.

- `sink`: `MetricsSink`, the `ports.Sink`
"""
