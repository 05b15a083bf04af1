"""For which jobs waiting has become pointless: nobody lets us in, or there is no such job."""

from collections import Counter
from collections.abc import Iterator

from jobwatchd.model.job import JobReference

# One refusal may be that of a server which has just started; more than two may lock the account.
MOST_REFUSALS = 2


class Patience:
    """Hears what polls brought, and says when to give up; all times are monotonic seconds.

    A job that was never seen may take `appear_within_s` to be there, and is looked for once more at the end of it.
    """

    def __init__(self, appear_within_s: float) -> None:
        self._appear_within_s = appear_within_s
        self._seen: set[JobReference] = set()
        self._missing_since_s: dict[JobReference, float] = {}
        self._looked_for_last: set[JobReference] = set()
        self._refusals_of: Counter[JobReference] = Counter()
        self.refusals = 0
        """How many requests were refused since one was let in."""

    def was_seen(self, ref: JobReference) -> bool:
        """Whether the job has been there."""
        return ref in self._seen

    def found(self, ref: JobReference) -> None:
        """Note that the job is there."""
        self._let_in(ref)
        self._seen.add(ref)
        self._missing_since_s.pop(ref, None)

    def missed(self, ref: JobReference, now_s: float) -> bool:
        """Note that the API does not know the job; returns whether it has been looked for long enough."""
        self._let_in(ref)
        if ref in self._seen:
            return False  # whether it is lost is for the lane to decide
        self._missing_since_s.setdefault(ref, now_s)
        return ref in self._looked_for_last

    def refused(self, ref: JobReference) -> bool:
        """Note that credentials were refused; returns whether that was one time too many for this job."""
        self.refusals += 1
        self._refusals_of[ref] += 1
        return self._refusals_of[ref] >= MOST_REFUSALS

    def is_shut_out(self, refusals_before: int) -> bool:
        """Whether nothing of this source can be had: none of its jobs ever was, and this was no first refusal.

        `refusals_before` are those that were known when the refused request was made: what was under way at the first
        refusal is no second try.
        """
        return refusals_before > 0 and not self._seen and not self._missing_since_s

    def due(self, now_s: float) -> Iterator[JobReference]:
        """Yield each job whose time to appear is up, once: it is to be looked for now, for the last time."""
        for ref, since_s in self._missing_since_s.items():
            if now_s - since_s >= self._appear_within_s and ref not in self._looked_for_last:
                self._looked_for_last.add(ref)
                yield ref

    def _let_in(self, ref: JobReference) -> None:
        self.refusals = 0
        del self._refusals_of[ref]
