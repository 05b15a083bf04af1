"""Mistakes in the configuration, each with the place it was made in: a line of the file, or an environment variable."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jobwatchd.errors import ConfigError
from jobwatchd.values.key_path import KeyPath, told


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `line` is that of the file, for order, 0 where it has none."""

    line: int
    text: str


@dataclass(slots=True)
class Problems:
    """The mistakes found so far in what `file` says, with the lines of its keys, and in what is laid over it.

    `variables` has the environment variable behind each key that the environment decides. Of keys in `told_already`
    nothing more is said.
    """

    file: Path
    lines: Mapping[KeyPath, int]
    variables: dict[KeyPath, str] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)
    told_already: set[KeyPath] = field(default_factory=set)

    def add(self, path: KeyPath, sentence: str) -> None:
        """Keep a mistake in the value of a key."""
        line = next((self.lines[part] for part in _upwards(path) if part in self.lines), 0)
        variable = next((self.variables[part] for part in _upwards(path) if part in self.variables), None)
        place = f"environment variable {variable}" if variable else f"{self.file}:{line}" if line else str(self.file)
        self.found.append(Problem(line, f"{place}: {told(path)}: {sentence}"))

    def refuse(self) -> None:
        """Raise `ConfigError` with all mistakes, in the order of the file, if there are any."""
        if self.found:
            texts = [problem.text for problem in sorted(self.found, key=lambda problem: problem.line)]
            raise ConfigError(*dict.fromkeys(texts))


def _upwards(path: KeyPath) -> Iterator[KeyPath]:
    """Yield a path, and those of what it is in."""
    return (path[:length] for length in range(len(path), 0, -1))
