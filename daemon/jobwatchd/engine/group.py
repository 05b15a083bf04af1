"""Watches that one list shows together, so that one request can look at many of them."""

from collections.abc import Sequence
from math import inf

from jobwatchd.engine.entry import Entry
from jobwatchd.engine.schedule import Schedule

# How fast what a list costs is learned anew, and how fast it is forgotten while jobs are looked at singly.
LEARN = 0.5
FORGET = 0.9


class Group:
    """The waiting entries of one list; the group itself waits in the lane's crew, due with its earliest entry.

    `due_s` is when the crew will bring it up. `cost` is what looking by list has cost lately, in requests: those of the
    list, and those for the jobs that had to be looked at singly all the same. `looked_at_s` has, for sources that give
    hints, when each watch was last looked at singly (monotonic, by watch id).
    """

    __slots__ = ("cost", "due_s", "looked_at_s", "name", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.due_s = inf
        self.cost = 1.0
        self.looked_at_s: dict[int, float] = {}
        self.waiting: Schedule[Entry] = Schedule()

    def take(self, until_s: float) -> Sequence[Entry]:
        """Take out the entries that are due by then, the earliest first; those that the lane dropped are left out."""
        return [entry for entry in self.waiting.pop_due(until_s) if not entry.gone]

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
