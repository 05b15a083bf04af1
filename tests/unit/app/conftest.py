"""The daemon's configuration with everything around it: in memory, on a clock that stands still."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobwatchd.stores.memory import MemoryStore
from unit.app.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with a store in memory."""
    return Desk(tmp_path / "jobwatchd.yaml", MemoryStore())


@pytest.fixture
def make_desk(tmp_path: Path) -> Callable[[MemoryStore], Desk]:
    """Return a maker of desks with a store of one's own."""
    return lambda store: Desk(tmp_path / "jobwatchd.yaml", store)
