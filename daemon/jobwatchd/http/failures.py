"""What an adapter raises, which depends on whom it works for."""

from collections.abc import Callable
from dataclasses import dataclass

from jobwatchd.errors import BadPayload, JobwatchError, SinkUnavailable, SourceUnavailable
from jobwatchd.http.complaint import name_host, name_request


@dataclass(frozen=True, slots=True)
class Failures:
    """`unavailable` is raised when no whole answer came, `unreadable` for a body of no use; both take one sentence.

    `name` makes that sentence's beginning out of the method and URL, and keeps from it what may be secret.
    """

    unavailable: type[JobwatchError]
    unreadable: type[JobwatchError]
    name: Callable[[str, str], str]


FOR_SOURCES = Failures(SourceUnavailable, BadPayload, name_request)
# A webhook's path is as good as a password, often: whoever knows it may post there.
FOR_SINKS = Failures(SinkUnavailable, SinkUnavailable, name_host)
