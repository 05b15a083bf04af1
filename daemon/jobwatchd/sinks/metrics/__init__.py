"""What the watched jobs do, as Prometheus counters and histograms.

- `section`: its settings
- `sink`: `MetricsSink`, the `ports.Sink`
"""
