"""The status words of the two APIs, as their documentation lists them, and what they mean."""

from dataclasses import dataclass

from jobwatchd.model.job import State

NativeStatus = int | str
GONE = "gone"
UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class Words:
    """One API's word for each state, None where it has none.

    `unknown` are words that it might have and does not document.
    """

    queued: NativeStatus
    running: NativeStatus
    succeeded: NativeStatus
    failed: NativeStatus
    cancelled: NativeStatus
    stopping: NativeStatus | None
    retrying: NativeStatus | None
    unknown: tuple[NativeStatus, ...]

    def is_terminal(self, status: NativeStatus | None) -> bool:
        """Whether a job with this status has come to its end."""
        return status is not None and status in {self.succeeded, self.failed, self.cancelled}

    def meaning(self, status: NativeStatus | None) -> str:
        """Return the `State` that a status stands for, `unmapped` for an undocumented one, `gone` for None."""
        if status is None:
            return GONE
        for state, word in (
            (State.QUEUED, self.queued),
            (State.RUNNING, self.running),
            (State.STOPPING, self.stopping),
            (State.RETRYING, self.retrying),
            (State.SUCCEEDED, self.succeeded),
            (State.FAILED, self.failed),
            (State.CANCELLED, self.cancelled),
        ):
            if word == status:
                return state.value
        return UNMAPPED


NEBULA_WORDS = Words(
    queued=0, running=1, succeeded=2, failed=3, cancelled=4, stopping=5, retrying=None, unknown=(6, 42, -1)
)
"""Status numbers of NebulaGraph Explorer, for jobs and tasks alike: Workflow API overview."""

TELESTREAM_WORDS = Words(
    queued="created",
    running="in-process",
    succeeded="succeeded",
    failed="failed",
    cancelled="stopped",
    stopping=None,
    retrying="retry",
    unknown=("on-hold", "quarantined"),
)
"""States of Telestream UP: Get particular Workflow Job Details, enum `state`."""
