"""How Telestream UP shows a job: Get particular Workflow Job Details."""

from datetime import UTC, datetime, timedelta
from typing import Any

from jobwatchd.simulator.job import SimulatedJob
from jobwatchd.simulator.life import phase_at, progress_at
from jobwatchd.simulator.words import TELESTREAM_WORDS


def job_fields(job: SimulatedJob, now: datetime, *, one_element_lists: bool) -> dict[str, Any]:
    """Return a known job; with `one_element_lists` each value but null stands in a list, as in the documentation."""
    elapsed_s = job.elapsed_s(now)
    phase = phase_at(job.life, elapsed_s)
    progress = progress_at(job.life, elapsed_s, TELESTREAM_WORDS)
    fields = {
        "id": job.id,
        "name": job.name,
        "workflow_id": job.workflow_id,
        "workflow_name": job.workflow_name,
        "workflow_version": "1.0",
        "progress": progress.percent,
        "state": phase.status if phase is not None else None,
        "created_at": utc_text(job.created_at),
        "updated_at": utc_text(job.created_at + timedelta(seconds=progress.since_s)),
        "elapsed_time": None,
    }
    if phase is not None and TELESTREAM_WORDS.is_terminal(phase.status):
        fields["elapsed_time"] = timespan(timedelta(seconds=phase.after_s))
    if one_element_lists:
        return {name: value if value is None else [value] for name, value in fields.items()}
    return fields


def utc_text(at: datetime) -> str:
    """Return an instant as UP writes it: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def timespan(duration: timedelta) -> str:
    """Return a duration as a TimeSpan, `[d.]h:mm:ss[.fraction]`, such as `1:23:45` or `136.08:01:23.5`."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{duration.days}.{hours:02}" if duration.days else f"{hours}"
    fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
    return f"{clock}:{minutes:02}:{seconds:02}{fraction}"
