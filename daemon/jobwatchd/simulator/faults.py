"""What can go wrong with an answer, when, and how often; chosen by seeded chance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from jobwatchd.ports import Clock


class FaultKind(StrEnum):
    """The ways in which a request goes wrong."""

    RATE_LIMITED = "rate_limited"
    """429 with Retry-After."""
    SERVER_ERROR = "server_error"
    """500, 502 or 503 with an HTML page, as a proxy shows it."""
    ENVELOPE_ERROR = "envelope_error"
    """An error code under HTTP 200; only where the API has an envelope."""
    NOT_FOUND = "not_found"
    """The API's own not-found answer, whatever was asked for."""
    SLOW = "slow"
    """The right answer, late."""
    CUT = "cut"
    """The connection ends before the first byte of the answer."""
    CUT_BODY = "cut_body"
    """The connection ends in the middle of the body."""
    GARBAGE = "garbage"
    """Bytes that are no text, called JSON."""
    TRUNCATED = "truncated"
    """JSON that breaks off; the Content-Length is right."""
    UNKNOWN_STATUS = "unknown_status"
    """The right answer, but the job has a status that is in no documentation."""
    WRONG_TYPES = "wrong_types"
    """Valid JSON in which a part is of another type than documented."""


class RetryAfterForm(StrEnum):
    """The two forms of Retry-After: RFC 9110, section 10.2.3."""

    SECONDS = "seconds"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault: hits `fraction` of the requests between `from_s` and `until_s`, at most `times` of them.

    Seconds count from the moment at which the faults were set. `retry_after_s` goes with `rate_limited`, and None
    leaves the header out; `delay_s` goes with `slow`. `path` limits the fault to requests whose path contains it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: FaultKind
    fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    from_s: Annotated[float, Field(ge=0)] = 0.0
    until_s: float | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    path: str = ""
    retry_after_s: Annotated[float, Field(ge=0)] | None = 1.0
    retry_after_form: RetryAfterForm = RetryAfterForm.SECONDS
    delay_s: Annotated[float, Field(ge=0)] = 5.0

    def is_open(self, elapsed_s: float) -> bool:
        """Whether the fault may hit `elapsed_s` seconds after it was set."""
        return self.from_s <= elapsed_s and (self.until_s is None or elapsed_s < self.until_s)


class FaultInjector:
    """Chooses at most one fault for each request; the same seed, times and requests give the same faults.

    `counts` says how often each kind has hit since the start, and `random` is the chance that shapes a faulty answer.
    Fractions of faults that are open at the same time add up, so that two of 0.1 make every fifth request fail.
    """

    def __init__(self, clock: Clock, seed: int, *, has_envelope: bool) -> None:
        self.counts: Counter[FaultKind] = Counter()
        self.random = Random(seed)  # noqa: S311 - repeatable chance is the point
        self._clock = clock
        self._has_envelope = has_envelope
        self._faults: tuple[Fault, ...] = ()
        self._hits: list[int] = []
        self._since = 0.0

    def set(self, *faults: Fault) -> None:
        """Replace all faults by these, none for a healthy API; raises ValueError for one that the API cannot have."""
        if not self._has_envelope and any(fault.kind is FaultKind.ENVELOPE_ERROR for fault in faults):
            raise ValueError("this API has no envelope, so envelope_error cannot happen")
        self._faults = faults
        self._hits = [0] * len(faults)
        self._since = self._clock.monotonic()

    @property
    def faults(self) -> Sequence[Fault]:
        """The faults that are set, whether open or not."""
        return self._faults

    def draw(self, path: str) -> Fault | None:
        """Return the fault that hits the next request, to `path`; None for none."""
        if not self._faults:
            return None
        elapsed_s = self._clock.monotonic() - self._since
        chance = self.random.random()
        for place, fault in enumerate(self._faults):
            if not fault.is_open(elapsed_s) or fault.path not in path or self._hits[place] == fault.times:
                continue
            if chance < fault.fraction:
                self._hits[place] += 1
                self.counts[fault.kind] += 1
                return fault
            chance -= fault.fraction
        return None
