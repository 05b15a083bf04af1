"""Values that are made of files, and what becomes of them when the files change."""

import os
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
import structlog
from structlog.testing import LogCapture

from jobwatchd.errors import ConfigError
from jobwatchd.rotation import LOOK_EVERY_S, MAX_SIZE, Contents, Recipe, Rotating, Rotation
from jobwatchd.testing import FakeClock


class Desk:
    """A file with a secret in a folder, and what follows it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "secret"
        self.file.write_text("first")
        self.log = LogCapture()
        self.clock = FakeClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.learned: list[str] = []
        logger = structlog.wrap_logger(structlog.PrintLogger(), [self.log], structlog.make_filtering_bound_logger(0))
        self.rotation = Rotation(self.clock, logger, self.learn)
        self.value = self.follow({"file": self.file}, "first")

    def learn(self, owner: object, secrets: Collection[str]) -> None:
        """Keep the secrets."""
        assert isinstance(owner, Rotating)
        self.learned.extend(secrets)

    def follow(self, files: dict[str, Path], value: str) -> Rotating[str]:
        """Follow files that are joined by a plus."""
        return self.rotation.follow(Recipe("here", files, self.make, lambda secret: [secret]), value)

    @staticmethod
    def make(contents: Contents) -> str:
        """Join the texts; what has a blank in it is of no use."""
        text = "+".join(content.decode() for content in contents.values())
        if " " in text:
            raise ConfigError("a blank")
        return text

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What was logged, in order: event, and the problem or else the place."""
        assert {line["place"] for line in self.log.entries} <= {"here"}
        return [(line["event"], line.get("problem", line["place"])) for line in self.log.entries]

    async def look(self) -> str:
        """Look at all files, and return the value."""
        await self.rotation.refresh()
        return self.value.value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk."""
    return Desk(tmp_path)


def over(file: Path, text: str) -> None:
    """Write over a file."""
    file.write_text(text)


def beside(file: Path, text: str) -> None:
    """Write a file beside it, and put that in its place."""
    other = file.with_name("other")
    other.write_text(text)
    other.replace(file)


def swapped(file: Path, text: str) -> None:
    """Swap the link through which the kubelet shows a secret's files."""
    folder = file.parent / f"..{text}"
    folder.mkdir()
    (folder / file.name).write_text(text)
    link = file.parent / "..data"
    if not link.is_symlink():
        file.unlink()
        file.symlink_to(f"..data/{file.name}")
    new = file.parent / "..data_tmp"
    new.symlink_to(folder.name)
    new.replace(link)


@pytest.mark.parametrize("replace", [over, beside, swapped])
async def test_what_replaces_a_file_is_taken(desk: Desk, replace: Callable[[Path, str], None]) -> None:
    """However it is replaced, and again and again."""
    seen = []
    texts = ["other", "third", "much-longer", "first"]
    for text in texts:
        replace(desk.file, text)
        seen.append(await desk.look())
    assert seen == texts
    assert desk.lines == [("rotation.done", "here")] * 4


async def test_a_change_that_leaves_no_trace_is_found_all_the_same(desk: Desk) -> None:
    """Same size and time as before, as happens where a file is written twice within a tick of the file system."""
    desk.file.write_text("other")
    before = desk.file.stat()
    assert await desk.look() == "other"
    with desk.file.open("r+") as stream:
        stream.write("third")
    os.utime(desk.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await desk.look() == "third"


async def test_a_file_as_it_was_is_not_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it has settled, it is only looked at."""
    monkeypatch.setattr("jobwatchd.rotation.SETTLED_NS", -1)
    await desk.look()
    assert desk.value.look() is None


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.unlink(), "cannot be read (No such file or directory)"),
        (lambda file: file.write_text(""), "is empty"),
        (lambda file: file.write_text("\n"), "is empty"),
        (lambda file: file.write_text("a b"), "a blank"),
        (lambda file: file.write_bytes(b"x" * (MAX_SIZE + 1)), "is larger than"),
    ],
    ids=["gone", "empty", "blank", "refused", "huge"],
)
async def test_a_file_of_no_use_changes_nothing(desk: Desk, spoil: Callable[[Path], object], told: str) -> None:
    """It is told once, however often it is looked at, and what comes in its place is taken."""
    spoil(desk.file)
    assert [await desk.look() for _ in range(3)] == ["first"] * 3
    [(event, problem)] = desk.lines
    assert event == "rotation.refused"
    assert told in problem
    desk.file.write_text("other")
    assert await desk.look() == "other"


async def test_trouble_that_comes_again_is_told_again(desk: Desk) -> None:
    """Between the two all was well."""
    for text in ("", "first", ""):
        desk.file.write_text(text)
        await desk.look()
    assert [event for event, _ in desk.lines] == ["rotation.refused"] * 2


async def test_of_several_files_the_one_that_is_gone_stays_as_it_was(desk: Desk, tmp_path: Path) -> None:
    """A new one counts though the other cannot be read."""
    second = tmp_path / "second"
    second.write_text("a")
    desk.value = desk.follow({"file": desk.file, "second": second}, "first+a")
    await desk.look()
    second.unlink()
    desk.file.write_text("other")
    assert await desk.look() == "other+a"


async def test_files_of_which_one_was_never_read_change_nothing(desk: Desk, tmp_path: Path) -> None:
    """There is nothing to stand in for it."""
    desk.value = desk.follow({"file": desk.file, "second": tmp_path / "nothing"}, "given")
    assert await desk.look() == "given"


async def test_a_new_secret_is_known_before_it_is_used(desk: Desk) -> None:
    """Whatever is told of its use is told without it."""
    known: list[list[str]] = []
    desk.value.listen(lambda _: known.append(list(desk.learned)))
    desk.file.write_text("other")
    await desk.look()
    assert known == [["other"]]


async def test_a_listener_may_refuse_a_value(desk: Desk) -> None:
    """As one does that cannot build a client from it; the old value stays."""

    def refuse(value: str) -> None:
        raise ConfigError(f"no use for {value}")

    desk.value.listen(refuse)
    desk.file.write_text("other")
    assert await desk.look() == "first"
    assert desk.lines == [("rotation.refused", "no use for other")]


async def test_one_value_can_be_looked_at_alone(desk: Desk) -> None:
    """As is done when a credential is refused."""
    desk.file.write_text("other")
    await desk.value.refresh()
    assert desk.value.value == "other"


async def test_what_is_closed_is_followed_no_more(desk: Desk) -> None:
    """And nobody complains about its files."""
    desk.value.close()
    desk.file.unlink()
    assert await desk.look() == "first"
    assert desk.lines == []


async def test_a_constant_has_no_files() -> None:
    """It never changes."""
    constant = Rotating.constant("given")
    await constant.refresh()
    assert constant.value == "given"


async def test_what_is_followed_during_a_look_is_looked_at_next_time(desk: Desk) -> None:
    """A new value may be a reason to follow another file, and so may a reload, which comes whenever it does."""
    other = desk.file.with_name("other")
    other.write_text("first")
    followed: list[Rotating[str]] = []
    desk.value.listen(lambda _: followed.append(desk.follow({"file": other}, "first")))
    desk.file.write_text("second")
    assert await desk.look() == "second"
    other.write_text("third")
    await desk.look()
    assert [each.value for each in followed] == ["third"]


async def test_files_are_looked_at_every_second(desk: Desk) -> None:
    """Without anybody asking."""
    taken = anyio.Event()
    desk.value.listen(lambda _: taken.set())
    desk.file.write_text("other")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.rotation.run)
        await anyio.wait_all_tasks_blocked()
        assert desk.value.value == "first"
        await desk.clock.advance(LOOK_EVERY_S)
        await taken.wait()
        tasks.cancel_scope.cancel()
    assert desk.value.value == "other"
