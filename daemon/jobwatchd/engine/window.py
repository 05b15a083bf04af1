"""What of a sink's pending deliveries is held in memory, by subject; the others wait in the store.

It is read from the store in order of position, and what is committed meanwhile is handed in. Nothing of a subject is
held beyond what was left in the store before it, or it would overtake that. Where the window is full, those that fail
give theirs back, all but the place of their head: however much waits of them, there is room for the others.
"""

from collections.abc import AsyncIterator

from jobwatchd.engine.subject import Subject
from jobwatchd.engine.worker_pool import WorkerPool
from jobwatchd.model.delivery import Attempt, Delivery
from jobwatchd.ports import Store

# How many deliveries of one sink are held, and how many of one subject.
WINDOW = 5_000
EACH = 100
PAGE = 500
# How often the store is read from the beginning, for deliveries that were brought back from the dead elsewhere.
RESCAN_S = 15.0
# How many subjects are known before no more are taken ahead of what waits in the store.
MOST_SUBJECTS = 2 * WINDOW


class Window:
    """The held deliveries of the sink `name`; `load` is called by one task, everything else in between its reads.

    Calls return the subjects that have a new head, which is to be tried when it may be. `pool` is woken where `load`
    has work. `rescan_at_s` is when it looks from the beginning again, on the monotonic clock.
    """

    def __init__(self, name: str, store: Store, pool: WorkerPool[Subject]) -> None:
        self.rescan_at_s = 0.0
        self._name = name
        self._store = store
        self._pool = pool
        self._subjects: dict[str, Subject] = {}
        self._failing: set[Subject] = set()
        self._held: set[int] = set()
        self._settled: list[int] = []
        self._parked = 0
        self._cursor = 0
        self._newest = 0
        self._latest: Delivery | None = None
        self._ahead: Subject | None = None
        self._back_to: int | None = None
        self._behind = True
        self._loading = False

    @property
    def is_behind(self) -> bool:
        """Whether something in the store is to be read and there is room for it, or it is being read."""
        return self._loading or self._may_load

    @property
    def _may_load(self) -> bool:
        return self._behind and len(self._held) - self._parked < WINDOW

    def offer(self, delivery: Delivery) -> Subject | None:
        """Take a delivery that was committed this moment; called for each, in order of position.

        While older ones are still to be read from the store, this one will be read with them.
        """
        if self._behind or self._loading or len(self._held) - self._parked >= WINDOW:
            self._behind = True
            self._latest = delivery
            self._pool.wake()
            return None
        if delivery.position <= self._newest:
            return None  # it was read from the store a moment ago
        self._cursor = delivery.position
        return self._take(delivery)

    def rescan(self) -> None:
        """Read from the beginning soon: something old is pending again."""
        self._go_back(0)

    async def load(self, now_s: float) -> AsyncIterator[Subject]:
        """Fill the window from the store."""
        self._let_go()
        if now_s >= self.rescan_at_s:
            self.rescan_at_s = now_s + RESCAN_S
            if len(self._held) - self._parked - len(self._failing) < PAGE:
                self._back_to, self._behind = 0, True
        pages = 0
        while self._may_load or (self._behind and self._park()):
            # Whoever wakes us while the store is read has news that this page may not hold.
            self._behind, self._loading = False, True
            if self._back_to is not None:
                self._cursor, self._back_to = min(self._cursor, self._back_to), None
            page = await self._store.pending_deliveries(self._name, self._cursor, PAGE)
            if self._back_to is None:  # else what is further back has to come first
                self._behind = self._behind or len(page) == PAGE
                for delivery in page:
                    self._cursor = delivery.position
                    if (subject := self._take(delivery)) is not None:
                        yield subject
            self._loading = False
            self._let_go()
            pages += 1
        # What takes long to read through is not read as often.
        self.rescan_at_s = max(self.rescan_at_s, now_s + pages * RESCAN_S / 10)

    async def look_ahead(self) -> Subject | None:
        """Take what came last and had no room, one at a time; for when nothing in the window gets through."""
        latest = self._latest
        if latest is None or (self._ahead is not None and self._ahead.waits):
            return None
        self._latest = None
        name, watch_id = latest.event.subject, latest.event.watch_id
        if watch_id is None or name in self._subjects or len(self._subjects) >= MOST_SUBJECTS:
            return None
        head = await self._store.first_pending(self._name, watch_id)
        if head is None or name in self._subjects or head.position in self._held:
            return None
        self._ahead = subject = self._subjects[name] = Subject(name)
        subject.deliveries.append(head)
        subject.skipped = head.position + 1
        self._held.add(head.position)
        return self._begun(subject)

    async def fetch(self, subject: Subject) -> bool:
        """Read the head of a parked subject again; returns whether it is still pending."""
        if subject.parked is None:
            return True
        found = await self._store.pending_deliveries(self._name, subject.parked - 1, 1)
        position, subject.parked = subject.parked, None
        self._parked -= 1
        if not found or found[0].position != position:
            self._held.discard(position)
            return False
        subject.deliveries.append(found[0])
        self._failing.add(subject)
        return True

    def failed(self, subject: Subject) -> None:
        """Note that the head of a subject has failed, and stays pending."""
        self._failing.add(subject)
        if self._behind:
            self._pool.wake()

    def finished(self, subject: Subject) -> Subject | None:
        """Go on with what comes after a head that is done with, and was taken off."""
        self._failing.discard(subject)
        if subject.deliveries:
            return self._begun(subject)
        del self._subjects[subject.name]
        if subject.skipped is not None:
            self._go_back(subject.skipped - 1)
        return None

    def on_committed(self, attempt: Attempt) -> None:
        """Note that it is written that a delivery is pending no more.

        It is let go of only between reads: a page that is being read now may show it as pending still.
        """
        self._settled.append(attempt.position)
        if self._behind:
            self._pool.wake()

    def _take(self, delivery: Delivery) -> Subject | None:
        position = delivery.position
        if position in self._held:
            return None
        self._newest = max(self._newest, position)
        subject = self._subjects.get(delivery.event.subject)
        if subject is None:
            subject = self._subjects[delivery.event.subject] = Subject(delivery.event.subject)
            subject.deliveries.append(delivery)
            self._held.add(position)
            return self._begun(subject)
        if subject.skipped is not None or subject.parked is not None or len(subject.deliveries) >= EACH:
            subject.skipped = position if subject.skipped is None else min(subject.skipped, position)
        else:
            subject.deliveries.append(delivery)
            self._held.add(position)
        return None

    def _begun(self, subject: Subject) -> Subject:
        if subject.failing:
            self._failing.add(subject)
        return subject

    def _park(self) -> bool:
        """Give back to the store what is held of failing subjects, if that is a good part; returns whether it was."""
        idle = [subject for subject in self._failing if not subject.busy]
        if sum(len(subject.deliveries) for subject in idle) < PAGE:
            return False
        for subject in idle:
            head, *rest = subject.deliveries
            subject.deliveries.clear()
            subject.parked = head.position
            self._parked += 1
            if rest:
                first = rest[0].position
                subject.skipped = first if subject.skipped is None else min(subject.skipped, first)
                self._held.difference_update(delivery.position for delivery in rest)
        self._failing.difference_update(idle)
        return self._may_load

    def _go_back(self, position: int) -> None:
        self._back_to = position if self._back_to is None else min(self._back_to, position)
        self._behind = True
        self._pool.wake()

    def _let_go(self) -> None:
        self._held.difference_update(self._settled)
        self._settled.clear()
