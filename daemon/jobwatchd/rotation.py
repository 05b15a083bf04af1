"""Files that are replaced while the daemon runs: secrets and certificates, and what is made of them.

Whoever replaces them cannot always signal (the kubelet, cert-manager, a script), and does it in every possible way: a
symbolic link is swapped, a new file is put in the place of the old, the old one is written over.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import anyio
from structlog.typing import FilteringBoundLogger

from jobwatchd.errors import ConfigError
from jobwatchd.ports import Clock

LOOK_EVERY_S = 1.0
# Four times the system's bundle of authorities.
MAX_SIZE = 1_048_576
# File systems tell the time of a change by some milliseconds, or by a second: what has just been changed may be changed
# again without looking any different.
SETTLED_NS = 2 * 10**9

T = TypeVar("T")
Contents = Mapping[str, bytes]
Sign = tuple[int, ...] | None
"""By what a change of a file is noticed; None for a file that is not there."""


@dataclass(frozen=True, slots=True)
class Recipe(Generic[T]):
    """What a value is made of, and how: `files` by the names under which `make` gets their contents.

    `make` raises `ConfigError` for what is of no use. `secrets` are those in a value, to be kept out of what is told.
    `noticed` are files whose change is a reason to make the value anew, though their contents are not handed over.
    """

    place: str
    files: Mapping[str, Path]
    make: Callable[[Contents], T]
    secrets: Callable[[T], Collection[str]] = lambda _: ()
    noticed: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What a look at the files has brought: what was made of them, if anything, and what is wrong with them."""

    signs: Mapping[Path, Sign] | None
    contents: Contents
    made: tuple[T, ...]
    problems: tuple[str, ...]


class Rotating(Generic[T]):
    """A value that is made of files; `value` is the last that was good.

    A file that is gone, empty or half-written changes nothing: that is told once, and the file is looked at again.
    """

    def __init__(self, recipe: Recipe[T], value: T, rotation: "Rotation | None" = None) -> None:
        self.recipe = recipe
        self.value = value
        self.closed = False
        self._rotation = rotation
        self._listeners: list[Callable[[T], None]] = []
        self._contents: Contents = {}
        self._signs: Mapping[Path, Sign] | None = None
        self._told: tuple[str, ...] = ()
        self._lock = anyio.Lock()

    @classmethod
    def constant(cls, value: T) -> "Rotating[T]":
        """Return what never changes, as a secret that stands in the configuration itself."""
        return cls(Recipe("", {}, lambda _: value), value)

    def listen(self, listener: Callable[[T], None]) -> None:
        """Have `listener` called with a new value before it counts; it refuses one by raising `ConfigError`."""
        self._listeners.append(listener)

    async def refresh(self) -> None:
        """Look at the files now."""
        if self.recipe.files or self.recipe.noticed:
            async with self._lock:
                self.take(await anyio.to_thread.run_sync(self.look))

    def close(self) -> None:
        """Look no more."""
        self.closed = True
        self._listeners.clear()

    def look(self) -> Found[T] | None:
        """Return what the files hold, None where they look as before; reads, so it is called in a thread."""
        files = self.recipe.files
        paths = (*files.values(), *self.recipe.noticed)
        signs = {path: _sign(path) for path in paths}
        if signs == self._signs:
            return None
        contents, problems = dict(self._contents), list[str]()
        for name, path in files.items():
            try:
                contents[name] = _read(path)
            except ConfigError as exc:
                problems += exc.problems
        made: tuple[T, ...] = ()
        if contents.keys() == files.keys():
            try:
                made = (self.recipe.make(contents),)
            except ConfigError as exc:
                problems += exc.problems
        settled = all(sign == _sign(path) and _is_settled(sign) for path, sign in signs.items())
        return Found(signs if settled else None, contents if made else self._contents, made, tuple(problems))

    def take(self, found: Found[T] | None) -> None:
        """Take over what a look has found."""
        if found is None or self.closed:
            return
        self._signs, self._contents = found.signs, found.contents
        problems = found.problems
        for value in found.made:
            if value != self.value:
                problems += self._change(value)
        if problems and problems != self._told and self._rotation is not None:
            self._rotation.tell_refused(self.recipe.place, problems)
        self._told = problems

    def _change(self, value: T) -> tuple[str, ...]:
        """Put a new value in the place of the old one; returns why it could not be."""
        if self._rotation is not None:
            self._rotation.learn(self, self.recipe.secrets(value))
        try:
            for listener in self._listeners:
                listener(value)
        except ConfigError as exc:
            return exc.problems
        self.value = value
        if self._rotation is not None:
            self._rotation.tell_done(self.recipe.place)
        return ()


class Rotation:
    """Looks at all files from time to time; `learn` is told new secrets, and whose they are, before they are used."""

    def __init__(
        self,
        clock: Clock,
        logger: FilteringBoundLogger | None = None,
        learn: Callable[[object, Collection[str]], None] = lambda _owner, _secrets: None,
    ) -> None:
        self.learn = learn
        self._logger = logger
        self._clock = clock
        self._followed: list[Rotating[Any]] = []

    def follow(self, recipe: Recipe[T], value: T) -> Rotating[T]:
        """Return a value that follows its files, until it is closed; `value` is what they hold now."""
        rotating = Rotating(recipe, value, self)
        if recipe.files or recipe.noticed:
            self._followed.append(rotating)
        return rotating

    def tell_done(self, place: str) -> None:
        """Say that what is in the files of `place` is used from now on."""
        if self._logger is not None:
            self._logger.info("rotation.done", place=place)

    def tell_refused(self, place: str, problems: Collection[str]) -> None:
        """Say why the files of `place` are of no use as they are."""
        if self._logger is not None:
            for problem in problems:
                self._logger.warning("rotation.refused", place=place, problem=problem)

    async def refresh(self) -> None:
        """Look at all files now."""
        self._followed = [each for each in self._followed if not each.closed]
        followed = tuple(self._followed)  # others may come meanwhile
        # One thread for all of them: nearly always there is nothing to be found.
        found = await anyio.to_thread.run_sync(lambda: [each.look() for each in followed])
        for each, what in zip(followed, found, strict=True):
            each.take(what)

    async def run(self) -> NoReturn:
        """Look for ever."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            await self.refresh()


def _read(path: Path) -> bytes:
    """Return what is in a file; raises `ConfigError` where that is nothing."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_SIZE + 1)
    except OSError as exc:
        raise ConfigError(f"the file {path} cannot be read ({exc.strerror}); the last that was good is kept") from None
    if not content.strip():
        raise ConfigError(f"the file {path} is empty; the last that was good is kept")
    if len(content) > MAX_SIZE:
        raise ConfigError(f"the file {path} is larger than {MAX_SIZE} bytes; the last that was good is kept")
    return content


def _sign(path: Path) -> Sign:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_settled(sign: Sign) -> bool:
    return sign is None or time.time_ns() - sign[-1] > SETTLED_NS
