"""The facts of a job: what its API tells of it beside its state, and how they look as JSON.

A new fact is a field of `JobFacts` and a line of `facts_json`; it is kept, redacted and carried by events from then on.
CONTRIBUTING tells who else has to know it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeAlias

ID_BYTES = 256
NAME_BYTES = 512
MAX_URL_LENGTH = 1_024
# What RFC 3986 lets stand in a URL, from a host on. Everything else has to be percent-encoded there.
_LINK = re.compile(r"https?://[a-z0-9\[][!#-;=?-\[\]_a-z~]*", re.ASCII | re.IGNORECASE)

Bounded: TypeAlias = Callable[[str | None, int, str], str | None]
"""Returns a text that takes at most so many bytes in JSON; the last is the name of the field."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What an API tells of a job beside its state, None where it does not.

    `progress` is in per cent, 0 to 100. `url` is a `link` to a page about the job. The `_at` fields are the
    remote system's own times.
    """

    name: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    progress: float | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    url: str | None = None


NO_FACTS = JobFacts()
FACTS = tuple(field.name for field in fields(JobFacts))
INSTANTS = tuple(field.name for field in fields(JobFacts) if field.type == datetime | None)
TEXTS = tuple(field.name for field in fields(JobFacts) if field.type == str | None)
# In which very short secrets are left alone, since they are there by chance; in other texts nothing is.
NAMES = frozenset({"name", "workflow_id", "workflow_name"})


def link(value: object) -> str | None:
    """Return a link that is safe to show: an http or https URL of at most 1,024 characters; None for anything else."""
    is_safe = isinstance(value, str) and len(value) <= MAX_URL_LENGTH and _LINK.fullmatch(value)
    return value if isinstance(value, str) and is_safe else None


def whole(text: str | None, _limit: int, _name: str) -> str | None:
    """Return a text as it is: the bound of whoever has none."""
    return text


def facts_json(facts: JobFacts, bounded: Bounded = whole) -> dict[str, Any]:
    """Return facts as plain JSON values, their shape wherever they are told; every key is there, null where unknown.

    name              the job's name
    url               of a page about the job, that a person can open
    workflow          {id, name} of what the job is a run of
    progress          per cent, 0 to 100
    queued_at, started_at, finished_at   the job's own times
    """
    return {
        "name": bounded(facts.name, NAME_BYTES, "name"),
        "url": facts.url,
        "workflow": {
            "id": bounded(facts.workflow_id, ID_BYTES, "workflow.id"),
            "name": bounded(facts.workflow_name, NAME_BYTES, "workflow.name"),
        },
        # A store may give an integral float back as an integer; the bytes must be the same after a restart.
        "progress": None if facts.progress is None else float(facts.progress),
        "queued_at": instant(facts.queued_at),
        "started_at": instant(facts.started_at),
        "finished_at": instant(facts.finished_at),
    }


def instant(at: datetime | None) -> str | None:
    """Return an aware time as ISO 8601 in UTC, ending in `Z`."""
    return None if at is None else f"{at.astimezone(UTC).isoformat()[:-6]}Z"
