"""How many watches of a lane are in which state; kept as they come, change and go."""

from collections import Counter
from collections.abc import Mapping

from jobwatchd.engine.observer import SourceObserver
from jobwatchd.model.watch import Watch


class WatchCounts:
    """Counts a lane's watches, so that nobody has to walk a million of them.

    The counts by state (`unknown` before the first answer) are told to the observer.
    """

    def __init__(self, observer: SourceObserver) -> None:
        self._observer = observer
        self._counts: Counter[str] = Counter()
        self._is_closed = False

    def enter(self, watch: Watch) -> None:
        """Count a watch in."""
        self._count(watch.state or "unknown", 1)

    def leave(self, watch: Watch) -> None:
        """Count a watch out."""
        self._count(watch.state or "unknown", -1)

    def by_state(self) -> Mapping[str, int]:
        """Return how many watches are in which state, without those that nobody is in."""
        return {state: count for state, count in self._counts.items() if count}

    def close(self) -> None:
        """Tell nothing any more, but that nobody is here; whoever comes and goes is still counted."""
        if not self._is_closed:
            for state, count in self._counts.items():
                if count:
                    self._observer.watches_counted(state, 0)
        self._is_closed = True

    def _count(self, state: str, change: int) -> None:
        self._counts[state] += change
        if not self._is_closed:
            self._observer.watches_counted(state, self._counts[state])
