"""The database file itself: who may read it, who may use it, and how it is used."""

import errno
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from anyio import from_thread
from sqlalchemy import Connection, delete

from jobwatchd.errors import StoreUnavailable, StoreUnusable
from jobwatchd.model.query import WatchQuery
from jobwatchd.model.watch import WatchRecord, WatchSpec
from jobwatchd.stores import sql_deliveries
from jobwatchd.stores.schema import watches
from jobwatchd.stores.sql import SqlStore

Specs = Callable[[int], list[WatchSpec]]

OPEN = """
import anyio, sys
from jobwatchd.errors import StoreError
from jobwatchd.stores.sql import SqlStore

async def main():
    store = SqlStore(sys.argv[1])
    try:
        await store.open()
    except StoreError as error:
        print(type(error).__name__, error, sep=": ")
    else:
        print("opened")
        await store.close()

anyio.run(main)
"""


def in_another_process(url: str, *wrapper: str) -> str:
    """Open the store in a process of its own, started through `wrapper`, and return what it says."""
    command = [*wrapper, sys.executable, "-I", "-c", OPEN, url]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def without_privileges() -> list[str]:
    """Return the command that makes file modes count even for the superuser."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv (util-linux) is needed to see what file modes do")
    command = [setpriv, "--bounding-set", "-dac_override,-dac_read_search"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode != 0:
        command = [setpriv]  # not the superuser: modes count anyway
    return command


def mounted(folder: Path, options: str) -> list[str]:
    """Return the command that runs another with a small file system of its own mounted on `folder`."""
    script = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, str(folder)]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("mounting a file system is not allowed here")
    return command


async def test_the_files_are_for_the_owner_only(store: SqlStore, path: Path, specs: Specs, now: datetime) -> None:
    """Labels and error texts of jobs are nobody else's business; that holds for the logs beside the file, too."""
    await store.add_watches(specs(1), now)
    assert modes(path.parent) == dict.fromkeys(["store.db", "store.db-shm", "store.db-wal", "store.db.lock"], 0o600)


def modes(folder: Path) -> dict[str, int]:
    """Return the permissions of each file in a folder."""
    return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in sorted(folder.iterdir())}


async def test_commits_are_synced(store: SqlStore) -> None:
    """A commit that was acknowledged survives a power cut; readers are not held up by it."""

    def pragmas(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]

    assert await store._database.write(pragmas) == ["wal", 2]


async def test_readers_see_the_last_commit_while_another_is_under_way(
    store: SqlStore, specs: Specs, now: datetime
) -> None:
    """A listing waits for no commit, and sees nothing of one that is not done."""
    added = [watch for watch, _ in await store.add_watches(specs(2), now)]
    listed: list[WatchRecord] = []

    def remove_all(connection: Connection) -> None:
        connection.execute(delete(watches))
        listed.extend(from_thread.run(store.list_watches, WatchQuery()))

    await store._database.write(remove_all)
    assert [record.watch for record in listed] == added
    assert await store.list_watches(WatchQuery()) == []


async def test_a_second_daemon_is_refused(store: SqlStore, url: str, path: Path) -> None:
    """In another process or in the same one, for as long as the first has the file, and no longer."""
    expected = f"StoreUnusable: another jobwatchd is using {path} (it holds {path}.lock); stop it, or name another file"
    assert in_another_process(url) == expected
    with pytest.raises(StoreUnusable, match="another jobwatchd is using"):
        await SqlStore(url).open()
    await store.close()
    assert in_another_process(url) == "opened"


async def test_a_refused_second_daemon_leaves_the_first_alone(
    store: SqlStore, url: str, specs: Specs, now: datetime
) -> None:
    """Its attempt must not take away the locks that the first one has."""
    in_another_process(url)
    with pytest.raises(StoreUnusable):
        await SqlStore(url).open()
    await store.add_watches(specs(1), now)
    assert in_another_process(url).startswith("StoreUnusable: another jobwatchd")


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
async def test_a_removed_file_is_noticed(store: SqlStore, path: Path, specs: Specs, now: datetime, end: str) -> None:
    """SQLite itself would go on writing into a file that has no name any more, and with the process all of it ends."""
    await store.add_watches(specs(1), now)
    await store.check()
    remove(path.with_name(f"{path.name}{end}"))
    for call in (store.check(), store.add_watches(specs(1), now)):
        with pytest.raises(StoreUnusable, match=f"store {path}{end} was removed or replaced while in use"):
            await call


def remove(path: Path) -> None:
    """Remove a file, as a careless person would."""
    path.unlink()


async def test_a_removed_lock_file_is_made_anew(store: SqlStore, url: str, path: Path) -> None:
    """Somebody tidied up; a second daemon is kept out all the same."""
    remove(path.with_name("store.db.lock"))
    await store.check()
    assert in_another_process(url).startswith("StoreUnusable: another jobwatchd is using")


async def test_whoever_lost_the_file_to_another_gives_up(store: SqlStore, url: str, path: Path) -> None:
    """The lock file was removed, and a second daemon took the new one first: two must not write."""
    remove(path.with_name("store.db.lock"))
    other = SqlStore(url)
    await other.open()
    with pytest.raises(StoreUnusable, match="another jobwatchd is using"):
        await store.check()
    await other.close()


async def test_a_folder_that_cannot_be_looked_into_is_not_a_removed_file(
    store: SqlStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that fails for a while says nothing about the file."""

    def fail(_path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", fail)
        with pytest.raises(StoreUnavailable, match="cannot be read or written"):
            await store.check()
    await store.check()


async def test_a_file_without_write_permission_is_refused(store: SqlStore, url: str, path: Path) -> None:
    """The message says for whom it must be writable."""
    await store.close()
    forbid_writing(path)
    told = in_another_process(url, *without_privileges())
    assert told.startswith(
        f"StoreUnusable: store {path} cannot be written; make it and its folder writable for the user"
    )


def forbid_writing(path: Path) -> None:
    """Make a file readable only, for its owner."""
    path.chmod(0o400)


def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    """SQLite needs to write beside the file; that is told before anything is read."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    told = in_another_process(f"sqlite:///{folder}/store.db", *without_privileges())
    assert told.startswith(f"StoreUnusable: store {folder}/store.db cannot be written; make it and its folder writable")


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    """As a container's root file system often is."""
    told = in_another_process(f"sqlite:///{tmp_path}/store.db", *mounted(tmp_path, "ro"))
    assert told.startswith(f"StoreUnusable: store {tmp_path}/store.db cannot be written")
    assert "Read-only file system" in told


def test_a_full_file_system_is_refused(tmp_path: Path) -> None:
    """A disk with no room for the schema gives the reason, not half a schema; there may be room later."""
    told = in_another_process(f"sqlite:///{tmp_path}/store.db", *mounted(tmp_path, "size=16k"))
    assert told.startswith(
        f"StoreFull: store {tmp_path}/store.db cannot grow because the disk is full; free some space"
    )


@pytest.mark.parametrize(
    ("name", "values", "index"),
    [
        (
            "_PENDING",
            {"sink": "hook", "after": 0, "at_most": 10},
            "SEARCH deliveries USING INDEX ix_deliveries_pending",
        ),
        ("_BACKLOG", {}, "SCAN deliveries USING INDEX ix_deliveries_pending"),
        ("_DEAD_COUNTS", {}, "SCAN deliveries USING INDEX ix_deliveries_dead"),
    ],
)
async def test_deliveries_are_read_through_the_partial_indexes(
    store: SqlStore, name: str, values: dict[str, object], index: str
) -> None:
    """However many deliveries were made, only those that wait or are dead are looked at."""
    statement = getattr(sql_deliveries, name)

    def plan(connection: Connection) -> str:
        compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
        bound = tuple(compiled.construct_params(values)[name] for name in compiled.positiontup)
        return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", bound))

    told = await store._database.read(plan)
    assert index in told
    assert "SCAN events" not in told
