"""How many watches of a lane are in which state, and in which list; kept as they come, change and go."""

from collections import Counter
from collections.abc import Mapping

from prometheus_client import Gauge

from jobwatchd.engine.group import Group
from jobwatchd.model.watch import Watch


class Census:
    """Counts a lane's watches, so that nobody has to walk a million of them; holds the groups of those that met.

    The counts by state (`unknown` before the first answer) are shown in `gauge`; a state that nobody is in has none.
    """

    def __init__(self, source: str, gauge: Gauge) -> None:
        self._source = source
        self._gauge: Gauge | None = gauge
        self._shown: dict[str, Gauge] = {}
        self._states: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._groups: dict[str, Group] = {}

    def enter(self, watch: Watch) -> None:
        """Count a watch in."""
        self._show(watch.state or "unknown", 1)
        if watch.group is not None:
            self._sizes[watch.group] += 1

    def leave(self, watch: Watch) -> None:
        """Count a watch out; what its group knows of it is forgotten, and a group that nobody is in any more."""
        self._show(watch.state or "unknown", -1)
        if watch.group is not None:
            self._sizes[watch.group] -= 1
            if watch.group in self._groups:
                self._groups[watch.group].looked_at_s.pop(watch.id, None)
            if not self._sizes[watch.group]:
                del self._sizes[watch.group]
                self._groups.pop(watch.group, None)

    def by_state(self) -> Mapping[str, int]:
        """Return how many watches are in which state, without those that nobody is in."""
        return {state: count for state, count in self._states.items() if count}

    def group_of(self, watch: Watch) -> Group | None:
        """Return the group that a watch waits with; None for one that is alone in its list, or was never seen."""
        name = watch.group
        if name is None or watch.state is None or self._sizes[name] == 1:
            return None
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        return group

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
