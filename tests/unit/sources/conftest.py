"""Answers as an HTTP client would hand them over, and the vendors' own examples."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

NEBULA_SEED = """{
  "code": 0,
  "data": {
    "id": 1964,
    "name": "workflow_xkkjf_20220712103332",
    "workflowId": "3992429968",
    "workflowName": "workflow_xkkjf",
    "status": 2,
    "tasks": [{
        "id": "f93dea90fc3a11ecac7e6da0662c195b",
        "name": "BFS",
        "runBeginTime": "2022-07-12T10:33:35+08:00",
        "runEndTime": "2022-07-12T10:33:38+08:00",
        "status": 2
    }],
    "runBeginTime": 1657593215000,
    "runEndTime": 1657593218000,
    "createTime": 1657593212505
  },
  "message": "Success"
}"""

TELESTREAM_SEED = """{
  "id": [
    "e75e68e192e6fc04ea3940d302d7bec5"
  ],
  "name": [
    "Sample Workflow Job Name"
  ],
  "workflow_id": [
    "e3c908ad-dc8f-4edb-88f7-c84dec0aef99"
  ],
  "workflow_name": [
    "MyWorkflow"
  ],
  "progress": [
    90
  ],
  "state": [
    "in-process",
    "succeeded",
    "failed"
  ],
  "workflow_version": "<string>",
  "created_at": [
    "2020-01-21T15:53:12.388317Z"
  ],
  "updated_at": [
    "2020-01-22T15:53:12.182617Z"
  ],
  "elapsed_time": [
    "136.08:01:23.5",
    "1:23:45"
  ]
}"""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer whose parts are given; implements `Answer`."""

    status: int
    body: bytes
    given: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """Return the header of this name."""
        return self.given.get(name)

    def headers(self, name: str) -> Sequence[str]:
        """Return the headers of this name: one, or none."""
        return [self.given[name]] if name in self.given else []


def _answer(status: int = 200, body: Any = b"", **headers: str) -> GivenAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return GivenAnswer(status, raw, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def now() -> datetime:
    """Return the time at which all answers come."""
    return datetime(2022, 7, 15, 9, 8, 20, tzinfo=UTC)


@pytest.fixture(scope="session")
def answer() -> Callable[..., GivenAnswer]:
    """Return what makes an answer of a status, a body (bytes, or a value sent as JSON) and headers."""
    return _answer


@pytest.fixture(scope="session")
def nebula_seed() -> str:
    """Return NebulaGraph Explorer's example answer, its brackets repaired."""
    return NEBULA_SEED


@pytest.fixture(scope="session")
def telestream_seed() -> str:
    """Return Telestream UP's example answer, verbatim."""
    return TELESTREAM_SEED


@pytest.fixture
def nebula_job(nebula_seed: str) -> dict[str, Any]:
    """Return the `data` of NebulaGraph Explorer's example, to be changed."""
    return dict(json.loads(nebula_seed)["data"])


@pytest.fixture
def telestream_job() -> dict[str, Any]:
    """Return a running Telestream UP job as the declared types have it, to be changed."""
    return {
        "id": "e75e68e192e6fc04ea3940d302d7bec5",
        "name": "Sample Workflow Job Name",
        "workflow_id": "e3c908ad-dc8f-4edb-88f7-c84dec0aef99",
        "workflow_name": "MyWorkflow",
        "progress": 90,
        "state": "in-process",
        "workflow_version": "3",
        "created_at": "2020-01-21T15:53:12.388317Z",
        "updated_at": "2020-01-22T15:53:12.182617Z",
        "elapsed_time": None,
    }
