"""What can be wrong with a SQLite file: each is told in a sentence that names it, and nothing is half written."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import anyio
import pytest
from anyio import create_task_group
from sqlalchemy import Connection

from jobwatchd.errors import ConfigError, StoreBusy, StoreError, StoreFull, StoreUnusable
from jobwatchd.model.query import EventQuery, WatchQuery
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import WatchSpec
from jobwatchd.stores.sql import SqlStore

Specs = Callable[[int], list[WatchSpec]]
MakeStep = Callable[..., Step]


def content(path: Path) -> bytes:
    """Return what a file holds."""
    return path.read_bytes()


def write_notes(path: Path) -> bytes:
    """Write a file that is no database, and return what it holds."""
    path.write_text("not a database, but somebody's notes\n" * 50)
    return content(path)


def names_in(folder: Path) -> list[str]:
    """Return the names of what a folder holds."""
    return [entry.name for entry in folder.iterdir()]


async def refusal(url: str) -> str:
    """Open a store that cannot be opened and return what it says; the file must be free afterwards."""
    store = SqlStore(url, busy_timeout_s=0.05)
    with pytest.raises(StoreError):
        await store.open()
    with pytest.raises(StoreError) as caught:  # once more: the first must not have kept the lock
        await store.open()
    return f"{type(caught.value).__name__}: {caught.value}"


async def test_a_locked_file_is_refused_at_the_start(
    store: SqlStore, url: str, path: Path, other: sqlite3.Connection
) -> None:
    """A start does not wait for ever, nor go on without being able to write."""
    await store.close()
    other.execute("BEGIN IMMEDIATE")
    assert f"StoreBusy: store {path} is locked by another process" in await refusal(url)


async def test_a_locked_file_refuses_a_commit_whole(
    store: SqlStore, other: sqlite3.Connection, specs: Specs, step: MakeStep, now: datetime
) -> None:
    """Reading goes on meanwhile, and the same commit goes through once the lock is gone."""
    watches = [watch for watch, _ in await store.add_watches(specs(3), now)]
    steps = [step(watch) for watch in watches]
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="is locked by another process; stop that process"):
        await store.commit(steps, (), lambda _: ["hook"], now)
    assert [record.watch for record in await store.list_watches(WatchQuery())] == watches
    with pytest.raises(StoreBusy):
        await store.check()
    other.execute("ROLLBACK")
    await store.check()
    assert not (await store.commit(steps, (), lambda _: ["hook"], now)).stale


async def test_a_commit_that_is_cancelled_while_it_waits_is_whole(
    url: str, other: sqlite3.Connection, specs: Specs, step: MakeStep, now: datetime
) -> None:
    """Whoever cancels gets to know what became of it: the call returns, and everything is there."""
    store = SqlStore(url)
    await store.open()
    [(watch, _)] = await store.add_watches(specs(1), now)
    returned = []
    other.execute("BEGIN IMMEDIATE")
    async with create_task_group() as tasks:

        async def commit() -> None:
            returned.append(await store.commit([step(watch)], (), lambda _: ["hook"], now))

        tasks.start_soon(commit)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        other.execute("ROLLBACK")
    assert [len(committed.deliveries) for committed in returned] == [1]
    assert len(await store.pending_deliveries("hook", 0, 10)) == 1
    await store.close()


async def test_a_full_disk_refuses_a_commit_whole(
    store: SqlStore, specs: Specs, step: MakeStep, now: datetime, path: Path
) -> None:
    """What was there stays readable, and there is no event without its watch."""
    watches = [watch for watch, _ in await store.add_watches(specs(200), now)]

    def allow(connection: Connection, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await store._database.write(allow, 1)  # SQLite then never grows beyond its present size
    with pytest.raises(StoreFull, match="cannot grow because the disk is full; free some space"):
        await store.commit([step(watch, error="x" * 500) for watch in watches], (), lambda _: ["hook"], now)
    assert [record.watch for record in await store.list_watches(WatchQuery(limit=300))] == watches
    assert await store.list_events(EventQuery()) == []
    await store._database.write(allow, 1_000_000)
    assert not (await store.commit([step(watch) for watch in watches], (), lambda _: ["hook"], now)).stale


async def test_a_log_file_that_was_made_anew_is_no_stranger(
    store: SqlStore, specs: Specs, step: MakeStep, now: datetime, path: Path
) -> None:
    """After a failure the last connection is closed, and SQLite removes its log file; another may have its number."""
    watches = [watch for watch, _ in await store.add_watches(specs(200), now)]
    await store._database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1"))
    with pytest.raises(StoreFull):
        await store.commit([step(watch, error="x" * 500) for watch in watches], (), lambda _: ["hook"], now)
    assert not path.with_name(f"{path.name}-wal").exists()
    path.with_name("another").touch()
    assert len(await store.list_watches(WatchQuery(limit=300))) == len(watches)
    assert not (await store.commit([step(watch) for watch in watches], (), lambda _: ["hook"], now)).stale


async def test_a_file_that_is_no_database_is_refused(url: str, path: Path) -> None:
    """It is named, and left as it is."""
    before = write_notes(path)
    assert f"StoreUnusable: store {path} is not a SQLite database; name another file" in await refusal(url)
    assert content(path) == before


async def test_the_database_of_another_program_is_refused(url: str, path: Path, other: sqlite3.Connection) -> None:
    """Nothing is created in it."""
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    told = await refusal(url)
    assert f"StoreUnusable: store {path} is the database of another program (it has a table 'bookmarks')" in told
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


async def test_a_damaged_file_is_refused_at_the_start(
    store: SqlStore, url: str, path: Path, specs: Specs, now: datetime
) -> None:
    """Also where the damage is far from what a start would read anyway."""
    await store.add_watches(specs(2_000), now)
    await store.close()
    damage(path)
    assert f"StoreUnusable: store {path} is damaged; restore it from a backup" in await refusal(url)


async def test_damage_is_noticed_while_running(store: SqlStore, path: Path, specs: Specs, now: datetime) -> None:
    """A page that turned bad is not taken for fewer watches."""
    await store.add_watches(specs(2_000), now)
    await store.close()  # all of it is in the file itself, not in the log beside it
    await store.open()
    damage(path)
    with pytest.raises(StoreUnusable, match="is damaged"):
        _ = [batch async for batch in store.load_watches(None, now)]


def damage(path: Path) -> None:
    """Overwrite every page but the first few with noise."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(16 * 4096)
        file.write(b"\xa5" * (size - 16 * 4096))


async def test_a_row_that_makes_no_watch_is_an_error(
    store: SqlStore, other: sqlite3.Connection, specs: Specs, now: datetime
) -> None:
    """A word that this version does not know is not taken for no state."""
    [(watch, _)] = await store.add_watches(specs(1), now)
    other.execute("UPDATE watches SET state = 'dreaming'")
    with pytest.raises(StoreUnusable, match=f"stored watch {watch.id} cannot be read"):
        await store.get_watch(watch.id)


async def test_a_row_that_makes_no_event_is_an_error(
    store: SqlStore, other: sqlite3.Connection, specs: Specs, step: MakeStep, now: datetime
) -> None:
    """A body that is cut off is told as what it is."""
    [(watch, _)] = await store.add_watches(specs(1), now)
    await store.commit([step(watch)], (), lambda _: ["hook"], now)
    other.execute("UPDATE events SET body = substr(body, 1, 20)")
    with pytest.raises(StoreUnusable, match="stored event cannot be read"):
        await store.pending_deliveries("hook", 0, 10)


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """It is not created: a mistyped path would give an empty store."""
    message = await refusal(f"sqlite:///{tmp_path}/no/store.db")
    assert message == f"StoreUnusable: store {tmp_path}/no/store.db: the folder {tmp_path}/no does not exist; create it"
    assert names_in(tmp_path) == []


async def test_a_folder_in_the_file_s_place_is_named(tmp_path: Path) -> None:
    """The path of a folder is no store."""
    (tmp_path / "store.db").mkdir()
    assert f"StoreUnusable: store {tmp_path}/store.db cannot be used" in await refusal(f"sqlite:///{tmp_path}/store.db")


@pytest.mark.parametrize(
    ("url", "got"),
    [
        ("postgresql://user:hunter2@db/jobs", "got a postgresql URL"),
        ("hunter2", "cannot be read as a URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///x.db?mode=ro&key=hunter2", "takes no parameters"),
    ],
)
def test_a_url_that_names_no_file_is_refused(url: str, got: str) -> None:
    """The key, what it got and what was expected, but no password."""
    with pytest.raises(ConfigError, match=f"store.url: .*{got}.*expected sqlite:////") as caught:
        SqlStore(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_store_that_is_not_open_says_so(url: str, now: datetime, specs: Specs) -> None:
    """Before opening, and after closing."""
    store = SqlStore(url)
    with pytest.raises(StoreUnusable, match="is not open"):
        await store.add_watches(specs(1), now)
    await store.open()
    await store.close()
    await store.close()
    with pytest.raises(StoreUnusable, match="is not open"):
        await store.backlog()
