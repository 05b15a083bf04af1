"""How the metrics sink is configured."""

from typing import ClassVar, Literal

from jobwatchd.kinds.sink import SinkContext, SinkSection
from jobwatchd.sinks.metrics.sink import MetricsSink


class MetricsSinkSettings(SinkSection):
    """Counters and histograms for Prometheus."""

    single: ClassVar = True
    shows_sources: ClassVar = True

    kind: Literal["metrics"]

    def build(self, context: SinkContext) -> MetricsSink:
        """Return a new sink."""
        return MetricsSink(context.name, context.output.metrics, context.output.sources)
