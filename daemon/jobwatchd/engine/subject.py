"""The deliveries of one subject to one sink: told one after the other, and what is known of the trouble with them."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from jobwatchd.errors import SinkError, SinkRejected
from jobwatchd.model.delivery import Attempt, Delivery, Retry, failed, left_s


@dataclass(slots=True, eq=False)
class Subject:
    """A subject that something is to be told of; only its oldest delivery, the head, may be tried.

    All times are monotonic. `due_s` is when the head may be tried. `waits` is whether it is due and waits for its turn,
    `busy` whether it is being tried, `probes` whether that is the probe of an open breaker.

    `run` is the sink's run of failures in which it failed last, None if it did not; `suspect` is whether it failed on
    both sides of a success: then the trouble is its own, and says nothing of the sink.

    `dies_s` and `final_s` are until when the head is tried, and from when on a refusal is final; None before the first
    of its kind. `parked` is the position of a head whose event was given back to the store, `skipped` that of the
    first delivery after those in `deliveries` that was left there; None for neither.
    """

    name: str
    deliveries: deque[Delivery] = field(default_factory=deque)
    due_s: float = 0.0
    waits: bool = False
    busy: bool = False
    probes: bool = False
    run: int | None = None
    suspect: bool = False
    dies_s: float | None = None
    final_s: float | None = None
    parked: int | None = None
    skipped: int | None = None

    @property
    def failing(self) -> bool:
        """Whether the head was tried before, in this process or in one before."""
        return self.parked is not None or (bool(self.deliveries) and self.deliveries[0].attempts > 0)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to try, whatever may be left in the store."""
        return self.parked is None and not self.deliveries

    def failed(self, error: SinkError, retry: Retry, now: datetime, now_s: float, jitter: float) -> Attempt:
        """Return what a failure means for the head; see `model.delivery.failed`."""
        head = self.deliveries[0]
        if self.dies_s is None:
            self.dies_s = now_s + left_s(head.created_at, retry.max_age_s, now)
        if self.final_s is None and isinstance(error, SinkRejected):
            self.final_s = now_s + left_s(head.rejected_since or now, retry.rejections_for_s, now)
        tried_for_s = self.dies_s - now_s
        refused_for_s = 0.0 if self.final_s is None else self.final_s - now_s
        return failed(head, error, retry, now, jitter, tried_for_s=tried_for_s, refused_for_s=refused_for_s)
