"""Watches that one list shows together, so that one request can look at many of them."""

from collections import Counter
from collections.abc import Sequence
from math import inf

from jobwatchd.engine.entry import Entry
from jobwatchd.model.watch import Watch

# How fast what a list costs is learned anew, and how fast it is forgotten while jobs are looked at singly.
LEARN = 0.5
FORGET = 0.9


class Group:
    """The waiting entries of one list; the group itself waits in the lane's worker pool, due with its earliest entry.

    `due_s` is when the pool will bring it up. `cost` is what looking by list has cost lately, in requests: those of the
    list, and those for the jobs that had to be looked at singly all the same. `looked_at_s` has, for sources that give
    hints, when each watch was last looked at singly (monotonic, by watch id).
    """

    __slots__ = ("_waiting", "cost", "due_s", "looked_at_s", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.due_s = inf
        self.cost = 1.0
        self.looked_at_s: dict[int, float] = {}
        # A plain list: it is walked once for each request that looks at all of it, which costs far more.
        self._waiting: list[Entry] = []

    def put(self, entry: Entry) -> None:
        """Have an entry wait until its `due_s`."""
        self._waiting.append(entry)

    def take(self, until_s: float) -> Sequence[Entry]:
        """Take out the entries that are due by then, the earliest first; those that the lane dropped are left out."""
        waiting = [entry for entry in self._waiting if not entry.is_gone]
        self._waiting = [entry for entry in waiting if entry.due_s > until_s]
        return sorted((entry for entry in waiting if entry.due_s <= until_s), key=lambda entry: entry.due_s)

    def next_due_s(self) -> float:
        """Return when the earliest of the waiting entries is due; infinity when none waits."""
        return min((entry.due_s for entry in self._waiting), default=inf)

    def is_worth_a_list(self, count: int) -> bool:
        """Whether a list is likely to cost fewer requests than `count` single polls."""
        if count > self.cost:
            return True
        # Tried again from time to time: what made the list dear may be over.
        self.cost *= FORGET
        return False

    def learn(self, requests: int) -> None:
        """Note what looking by list has cost."""
        self.cost += LEARN * (requests - self.cost)


class Groups:
    """The groups of a lane; holds those of watches that met."""

    def __init__(self) -> None:
        self._sizes: Counter[str] = Counter()
        self._groups: dict[str, Group] = {}

    def enter(self, watch: Watch) -> None:
        """Count a watch in."""
        if watch.group is not None:
            self._sizes[watch.group] += 1

    def leave(self, watch: Watch) -> None:
        """Count a watch out; what its group knows of it is forgotten, and a group that nobody is in any more."""
        if watch.group is not None:
            self._sizes[watch.group] -= 1
            if watch.group in self._groups:
                self._groups[watch.group].looked_at_s.pop(watch.id, None)
            if not self._sizes[watch.group]:
                del self._sizes[watch.group]
                self._groups.pop(watch.group, None)

    def of(self, watch: Watch) -> Group | None:
        """Return the group that a watch waits with; None for one that is alone in its list, or was never seen."""
        name = watch.group
        if name is None or watch.state is None or self._sizes[name] == 1:
            return None
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        return group
