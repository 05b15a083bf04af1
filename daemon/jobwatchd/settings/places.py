"""Where a setting was made: a line of the file, or an environment variable."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobwatchd.values.key_path import KeyPath


@dataclass(frozen=True, slots=True)
class Places:
    """The line of each key of the file, and the variable behind each key that the environment set."""

    file: Path
    lines: Mapping[KeyPath, int]
    variables: Mapping[KeyPath, str]

    def of(self, path: KeyPath) -> str:
        """Return the place of a key, or the nearest one above it."""
        variable = self.variable_of(path)
        if variable is not None:
            return f"environment variable {variable}"
        line = self.line_of(path)
        return str(self.file) if line == 0 else f"{self.file}:{line}"

    def variable_of(self, path: KeyPath) -> str | None:
        """Return the environment variable that set a key, or one above it."""
        return next((self.variables[part] for part in _upwards(path) if part in self.variables), None)

    def line_of(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest one above it; 0 where there is none."""
        return next((self.lines[part] for part in _upwards(path) if part in self.lines), 0)


def _upwards(path: KeyPath) -> list[KeyPath]:
    return [path[:length] for length in range(len(path), 0, -1)]
