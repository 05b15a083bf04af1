"""A description that is right, to be broken in one place or another."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from jobwatchd.description import Description

RIGHT: dict[str, Any] = {
    "parameters": ["space", "job_id"],
    "request": {"path": "/v1/{space}/jobs/{job_id}"},
    "read": {"state": "status"},
    "states": {"busy": "running"},
}
Mistakes = list[tuple[str, str]]


@pytest.fixture
def describe() -> Callable[..., Description]:
    """Return what makes a description that differs in some keys."""
    return lambda **changes: Description.model_validate({**RIGHT, **changes})


@pytest.fixture
def mistakes(describe: Callable[..., Description]) -> Callable[..., Mistakes]:
    """Return what tells the mistakes of such a description: key and sentence."""

    def tell(**changes: Any) -> Mistakes:
        with pytest.raises(ValidationError) as caught:
            describe(**changes)
        return [
            (".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, "))
            for error in caught.value.errors()
        ]

    return tell
