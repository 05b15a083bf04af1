"""The jobs of the demo, and what becomes of them.

Phases are seconds after a job's creation and the API's own word: Explorer's 0 queued, 1 running, 2 succeeded, 3 failed,
4 cancelled, 5 stopping; None is a job that the API no longer knows. Each lasts long enough to be seen by any poll.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GRAPH, MEDIA = "graph", "media"
SPACE, WORKFLOW = "demo", "transcode"
RANDOM_SCALE_S = 6.0
FIRST_RANDOM_ID = 3001


@dataclass(frozen=True, slots=True)
class Role:
    """A job: `spec` makes it in the simulator, `job` and `options` name it to the daemon."""

    source: str
    job: Mapping[str, str]
    spec: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """How it is called on the screen."""
        return short_key(f"{self.source}/{'/'.join(self.job.values())}")

    @property
    def watch(self) -> dict[str, Any]:
        """The request for a watch of it, as `POST /v1/watches` takes it."""
        return {"source": self.source, "job": dict(self.job), **self.options}


def short_key(key: str) -> str:
    """Return a job's key without what all jobs of the demo share: `media/…/trailer`."""
    return key.replace(f"/{SPACE}/{WORKFLOW}/", "/…/")


def _graph(job_id: int, phases: Sequence[tuple[float, int | None]] | None, **more: Any) -> Role:
    spec = {"job_id": str(job_id), **({"scale_s": RANDOM_SCALE_S} if phases is None else {"phases": phases})}
    if phases is not None:
        spec["tasks"] = more.pop("tasks", [])
    return Role(GRAPH, {"job_id": str(job_id)}, spec, {"labels": {"team": "graph"}, **more})


def _media(job_id: str, phases: Sequence[tuple[float, str | None]] | None) -> Role:
    job = {"space_id": SPACE, "workflow_id": WORKFLOW, "job_id": job_id}
    life = {"scale_s": RANDOM_SCALE_S} if phases is None else {"phases": phases}
    return Role(MEDIA, job, {**job, **life}, {"labels": {"team": "video"}})


_TASKS = [
    {"id": "bfs-1964", "name": "BFS", "phases": [(0, 0), (5, 1), (9, 2)]},
    {"id": "pagerank-1964", "name": "PageRank", "phases": [(0, 0), (9, 1), (14, 2)]},
]

FROM_FILE = (
    _graph(1964, [(0, 0), (5, 1), (14, 2)], tasks=_TASKS),
    _graph(1965, [(0, 0), (6, 1), (11, 3)]),
    _media("trailer", [(0, "created"), (5.5, "in-process"), (13, "succeeded")]),
    _media(
        "feature",
        [(0, "created"), (6, "in-process"), (10, "failed"), (13, "retry"), (16, "in-process"), (20, "succeeded")],
    ),
)
"""Watched by config/demo.yaml; `feature` fails, and is brought back to life by a retry."""

BY_COMMAND = _graph(1966, [(0, 0), (3, 1), (8, 5), (11, 4)])
"""Added by `jobwatchd watch add`; is stopped, and so cancelled."""

BY_API = (
    _graph(1967, [(0, 0), (2.5, 1), (6, 42), (9, 1), (13, 2)]),  # shows a status that is in no documentation
    _graph(1968, [(0, 0), (2.5, 1), (7, None)]),  # disappears
    _graph(1969, [(0, 0), (3, 1), (14, 2)], deadline="9s"),  # takes longer than it should
    _media("teaser", [(0, "created"), (3, "in-process"), (8, "stopped")]),
    _media("credits", [(0, "created"), (3, "on-hold"), (6, "in-process"), (11, "succeeded")]),
)

AFTERWARDS = _graph(1970, [(0, 0), (2.5, 1), (5, 2)])
"""Added once the receiver is back."""


def random_pair(number: int) -> tuple[Role, Role]:
    """Return a job of each API with a random life."""
    return _graph(FIRST_RANDOM_ID + number, None), _media(f"clip-{number + 1}", None)
