"""An output that keeps what it is given, and a standard library whose logging is given back as it was."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest


class Lines:
    """Keeps lines; implements `logs.Output`."""

    def __init__(self, *, is_terminal: bool = False, is_journal: bool = False) -> None:
        self.is_terminal = is_terminal
        self.tell_dropped: Callable[[int], str] | None = None
        self.lines: list[str] = []
        self._is_journal = is_journal

    def write(self, line: str) -> None:
        """Keep one line."""
        self.lines.append(line)

    def is_journal(self, env: Mapping[str, str]) -> bool:  # noqa: ARG002 - the port's
        """Return what the test has said."""
        return self._is_journal

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(f"{line}\n" for line in self.lines)

    def parsed(self) -> list[dict[str, Any]]:
        """Return the lines as JSON."""
        return [json.loads(line) for line in self.lines]


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
