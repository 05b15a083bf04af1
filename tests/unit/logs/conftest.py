"""An output that keeps what it is given, and a standard library whose logging is given back as it was."""

import logging
from collections.abc import Iterator

import pytest

from unit.logs.lines import Lines


@pytest.fixture
def output() -> Lines:
    """Return an output that is no terminal."""
    return Lines()


@pytest.fixture
def make_output() -> type[Lines]:
    """Return what makes outputs of other kinds."""
    return Lines


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    """Give the standard library's root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
