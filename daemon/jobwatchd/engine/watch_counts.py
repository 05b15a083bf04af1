"""How many watches of a lane are in which state; kept as they come, change and go."""

from collections import Counter
from collections.abc import Mapping

from prometheus_client import Gauge

from jobwatchd.model.watch import Watch


class WatchCounts:
    """Counts a lane's watches, so that nobody has to walk a million of them.

    The counts by state (`unknown` before the first answer) are shown in `gauge`; a state that nobody is in has none.
    """

    def __init__(self, source: str, gauge: Gauge) -> None:
        self._source = source
        self._gauge: Gauge | None = gauge
        self._shown: dict[str, Gauge] = {}
        self._states: Counter[str] = Counter()

    def enter(self, watch: Watch) -> None:
        """Count a watch in."""
        self._show(watch.state or "unknown", 1)

    def leave(self, watch: Watch) -> None:
        """Count a watch out."""
        self._show(watch.state or "unknown", -1)

    def by_state(self) -> Mapping[str, int]:
        """Return how many watches are in which state, without those that nobody is in."""
        return {state: count for state, count in self._states.items() if count}

    def close(self) -> None:
        """Show nothing any more; whoever comes and goes is still counted."""
        if self._gauge is not None:
            for state in self._shown:
                self._gauge.remove(self._source, state)
        self._gauge = None

    def _show(self, state: str, change: int) -> None:
        self._states[state] += change
        if self._gauge is None:
            return
        if not self._states[state]:
            del self._states[state], self._shown[state]
            self._gauge.remove(self._source, state)
            return
        if state not in self._shown:
            self._shown[state] = self._gauge.labels(self._source, state)
        self._shown[state].set(self._states[state])
