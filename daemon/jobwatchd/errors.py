"""Everything that can go wrong, as one tree.

JobwatchError
  · ConfigError              a setting is missing, mistyped or contradicts another
  · AddressUnavailable       the address to listen at cannot be taken
  · SourceError              a poll did not yield an observation
    · SourceUnavailable      no answer, a broken answer, or a 5xx
    · SourceRateLimited      the API asks for fewer requests
    · SourceUnauthorized     credentials were refused, even after renewal
    · SourceRejected         the API will not answer this request (4xx)
    · BadPayload             an answer came, and could not be read
    · JobNotFound            the API says that there is no such job
  · StoreError               what happened could not be kept
    · StoreUnavailable       the database cannot be used now; it can when what hinders it has passed
      · StoreBusy            another program holds its lock
      · StoreFull            there is no room for it
    · StoreUnusable          the database is damaged, gone or somebody else's; waiting does not help
  · SinkError                an event was not taken
    · SinkUnavailable        the receiver may take it later
      · SinkRateLimited      the receiver asks for fewer events
    · SinkRejected           the receiver will not take this event
    · SinkGone               the receiver wants no more events at all

Adapters translate what their libraries raise at the edge, `raise … from exc`; the engine branches on class only.
Each class carries a `reason`, which is also the metric label. Each redacts its text when it is made: what a server said
may be what it was sent.
"""

from enum import StrEnum
from typing import ClassVar

from jobwatchd.redaction import SECRETS


class Reason(StrEnum):
    """Why something failed; the closed set of values of the metric label `reason`."""

    INTERNAL = "internal"
    CONFIG = "config"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    REJECTED = "rejected"
    BAD_PAYLOAD = "bad_payload"
    NOT_FOUND = "not_found"
    GONE = "gone"
    BUSY = "busy"
    FULL = "full"
    UNUSABLE = "unusable"


class JobwatchError(Exception):
    """The root of what jobwatchd raises on purpose; its text is one sentence for a person and holds no secret.

    `quotes_others` says that the text may hold words from outside: what looks like credentials is taken out too.
    """

    reason: ClassVar[Reason] = Reason.INTERNAL
    quotes_others: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(SECRETS.redact_foreign(message) if self.quotes_others else SECRETS.redact(message))


class ConfigError(JobwatchError):
    """The configuration cannot be used; each of `problems` names a place, what it got and what was expected."""

    reason = Reason.CONFIG

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(SECRETS.redact(problem) for problem in problems)


class AddressUnavailable(JobwatchError):
    """The address to listen at cannot be taken; `passing` says whether that may be different in a moment."""

    reason = Reason.UNAVAILABLE

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class _FromOutside(JobwatchError):
    """What somebody outside said or failed to say, who may have asked for a pause."""

    quotes_others = True

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SourceError(_FromOutside):
    """A poll did not yield an observation; says nothing about the job itself.

    `retry_after_s` is in how long the server asked to be tried again, if so.
    """


class SourceUnavailable(SourceError):
    """No usable answer came: refused, cut, timed out, or 5xx."""

    reason = Reason.UNAVAILABLE


class SourceRateLimited(SourceError):
    """The API asks for fewer requests (429)."""

    reason = Reason.RATE_LIMITED


class SourceUnauthorized(SourceError):
    """The credentials were refused, even after one renewal where the source can renew them."""

    reason = Reason.UNAUTHORIZED


class SourceRejected(SourceError):
    """The API understood the request and will not answer it (a 4xx that is none of the others)."""

    reason = Reason.REJECTED


class BadPayload(SourceError):
    """An answer came and could not be read: not JSON, too large, or of another shape than documented."""

    reason = Reason.BAD_PAYLOAD


class JobNotFound(SourceError):
    """The API says that there is no such job; several in a row over a grace time make it lost."""

    reason = Reason.NOT_FOUND


class StoreError(JobwatchError):
    """What happened could not be kept."""


class StoreUnavailable(StoreError):
    """The database cannot be used now, and may be later: try the failed call again, as it was."""

    reason = Reason.UNAVAILABLE


class StoreBusy(StoreUnavailable):
    """Another program holds the database's lock."""

    reason = Reason.BUSY


class StoreFull(StoreUnavailable):
    """There is no room: the disk, a quota or a limit on the size of files."""

    reason = Reason.FULL


class StoreUnusable(StoreError):
    """The database is damaged, was removed or replaced, or is not ours; only a person can help, so the process ends."""

    reason = Reason.UNUSABLE


class SinkError(_FromOutside):
    """An event was not taken by a sink; `retry_after_s` is in how long its receiver asked to be tried again, if so."""


class SinkUnavailable(SinkError):
    """The receiver may take the event later."""

    reason = Reason.UNAVAILABLE


class SinkRateLimited(SinkUnavailable):
    """The receiver asks for fewer events (429); where it said for how long, that holds for all of them."""

    reason = Reason.RATE_LIMITED


class SinkRejected(SinkError):
    """The receiver refuses this event; more tries may still help for a while, many will not."""

    reason = Reason.REJECTED


class SinkGone(SinkError):
    """The receiver wants no more events at all (HTTP 410); the sink is off until a person says otherwise."""

    reason = Reason.GONE
