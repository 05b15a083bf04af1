"""An output that keeps what it is given."""

import json
from collections.abc import Callable, Mapping
from typing import Any


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
