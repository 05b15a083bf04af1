"""How many watches of a lane are in which state, and in which list; kept as they come, change and go."""

from collections import Counter

from jobwatchd.engine.group import Group
from jobwatchd.model.watch import Watch


class Census:
    """Counts a lane's watches, so that nobody has to walk a million of them; holds the groups of those that met."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._groups: dict[str, Group] = {}

    @property
    def states(self) -> Counter[str]:
        """The number of watches by state, `unknown` before the first answer."""
        return +self._states

    def enter(self, watch: Watch) -> None:
        """Count a watch in."""
        self._states[watch.state or "unknown"] += 1
        if watch.group is not None:
            self._sizes[watch.group] += 1

    def leave(self, watch: Watch) -> None:
        """Count a watch out; a group that nobody is in any more is forgotten."""
        self._states[watch.state or "unknown"] -= 1
        if watch.group is not None:
            self._sizes[watch.group] -= 1
            if not self._sizes[watch.group]:
                del self._sizes[watch.group]
                self._groups.pop(watch.group, None)

    def group_of(self, watch: Watch) -> Group | None:
        """Return the group that a watch waits with; None for one that is alone in its list, or was never seen."""
        name = watch.group
        if name is None or watch.state is None or self._sizes[name] == 1:
            return None
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        return group
