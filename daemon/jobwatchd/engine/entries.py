"""The watches of a lane: each with what is known of it only while the process lives, in groups, and counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from jobwatchd.engine.observer import SourceObserver
from jobwatchd.model.watch import Watch


@dataclass(slots=True)
class Trouble:
    """What goes wrong with one watch: polls in a row that brought no observation, and that found no such job.

    `missing_since_s` is when the first of the latter was made (monotonic).
    """

    failures: int = 0
    missing: int = 0
    missing_since_s: float = 0.0


@dataclass(slots=True)
class Entry:
    """Mutable, owned by one lane, polled by one worker at a time; small, for there may be a million.

    `due_s` is when the next poll is wanted (monotonic). `digest` is that of the last answer read, 0 for none. `trouble`
    is None while polls bring observations.
    """

    watch: Watch
    due_s: float = 0.0
    digest: int = 0
    trouble: Trouble | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the lane has dropped it; whoever holds it still lets go."""
        return self.due_s == -inf

    def drop(self) -> None:
        """Let nobody poll it any more."""
        self.due_s = -inf


# How fast what a list costs is learned anew, and how fast it is forgotten while jobs are looked at singly.
LEARN = 0.5
FORGET = 0.9


@dataclass(slots=True, eq=False)
class Group:
    """The waiting entries of one list; the group itself waits in the lane's worker pool, due with its earliest entry.

    `due_s` is when the pool will bring it up. `cost` is what looking by list has cost lately, in requests: those of the
    list, and those for the jobs that had to be looked at singly all the same. `looked_at_s` has, for sources that give
    hints, when each watch was last looked at singly (monotonic, by watch id).
    """

    name: str
    due_s: float = inf
    cost: float = 1.0
    looked_at_s: dict[int, float] = field(default_factory=dict)
    # A plain list: it is walked once for each request that looks at all of it, which costs far more.
    _waiting: list[Entry] = field(default_factory=list)

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
