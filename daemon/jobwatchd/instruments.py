"""Instruments that the Prometheus library does not have, and a registry that can forget."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Protocol, runtime_checkable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


@runtime_checkable
class _Forgetful(Protocol):
    def remove_by_labels(self, labels: dict[str, str]) -> None:
        """Remove the series with these values; raises ValueError where there is no such label."""


class Registry(CollectorRegistry):
    """Holds instruments, and forgets what any of them shows of a source or sink that is gone."""

    def __init__(self) -> None:
        super().__init__()
        self._instruments: list[_Forgetful] = []

    def register(self, collector: Collector) -> None:
        """Add an instrument."""
        super().register(collector)
        if isinstance(collector, _Forgetful):
            self._instruments.append(collector)

    def forget(self, label: str, value: str) -> None:
        """Remove every series of every instrument in which `label` has this value; who counts on, counts anew."""
        for instrument in self._instruments:
            with suppress(ValueError):  # it has no such label
                instrument.remove_by_labels({label: value})


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

    def remove_by_labels(self, labels: Mapping[str, str]) -> None:
        """Remove the counts with these values; raises ValueError where there is no such label."""
        wanted = [(self._labels.index(name), value) for name, value in labels.items()]
        for values in [values for values in self._children if all(values[at] == value for at, value in wanted)]:
            del self._children[values]

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

    def remove_by_labels(self, labels: Mapping[str, str]) -> None:
        """Remove a source's tally; raises ValueError where there is no such label."""
        if labels.keys() != {"source"}:
            raise ValueError("the only label is source")
        self._children.pop(labels["source"], None)

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
