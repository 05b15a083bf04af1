"""What docs/install.md says of upgrading and of going back."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, RunDaemon


def _change(database: Path, *statements: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def _content(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def _watch(key: str) -> dict[str, Any]:
    return {"source": "graph", "job": {"job_id": key}}


async def test_what_waited_before_an_upgrade_is_told_after_it(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """In the same order and under the same ids; what happened meanwhile is seen by the new version."""
    hook = await run_hook()
    hook.state.go_down(3600)
    [key] = apis.add(apis.nebula, phases=[(0, 1)])
    daemon = run_daemon(config_for(apis, hook))
    await daemon.up()
    await daemon.post("/v1/watches", _watch(key))
    await daemon.logged("job.running")
    waiting = [event["id"] for event in await daemon.events()]
    assert await daemon.stop() == 0
    # All that the later revisions added: so this is a database of the first.
    _change(
        daemon.database,
        "ALTER TABLE watches DROP COLUMN shard",
        "ALTER TABLE deliveries DROP COLUMN rejections",
        "ALTER TABLE deliveries DROP COLUMN rejected_since",
        "DROP TABLE missing_sinks",
        "UPDATE jobwatchd_schema SET version_num = '0001'",
    )
    apis.cancel(key)
    hook.state.go_down(0)
    await daemon.up()
    await until("the end is told", lambda: "job.cancelled" in hook.types(f"graph/{key}"))
    told = [each.id for each in hook.state.by_subject()[f"graph/{key}"]]
    assert told[: len(waiting)] == waiting
    assert hook.types(f"graph/{key}")[0] == "job.running"


@pytest.mark.slow
async def test_an_older_version_refuses_a_newer_database(
    apis: Apis, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """It says so, ends with status 1, and leaves the database as it was."""
    daemon = run_daemon(config_for(apis))
    await daemon.up()
    assert await daemon.stop() == 0
    _change(daemon.database, "UPDATE jobwatchd_schema SET version_num = '9999'")
    before = _content(daemon.database)
    daemon.start()
    assert await daemon.exit_status() == 1
    assert "is newer than this version of jobwatchd knows" in daemon.logs[-1].read_text()
    assert _content(daemon.database) == before


@pytest.mark.slow
async def test_a_copy_that_is_put_back_tells_again_under_the_same_ids(
    apis: Apis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor, until: Callable[..., Any]
) -> None:
    """A receiver that knows an id knows what it is told a second time."""
    hook = await run_hook()
    [key] = apis.add(apis.nebula, phases=[(0, 1), (6, 2)], tasks=[])
    daemon = run_daemon(config_for(apis, hook))
    await daemon.up()
    await daemon.post("/v1/watches", _watch(key))
    await until("the beginning is told", lambda: hook.types(f"graph/{key}") == ["job.running"])
    await daemon.delivered()
    assert await daemon.stop() == 0
    copy = shutil.copy(daemon.database, daemon.database.with_suffix(".copy"))
    await daemon.up()
    await until("the end is told", lambda: hook.types(f"graph/{key}") == ["job.running", "job.succeeded"])
    await daemon.delivered()
    assert await daemon.stop() == 0
    end = hook.state.by_subject()[f"graph/{key}"][-1].id
    shutil.copy(copy, daemon.database)
    await daemon.up()
    await until("the end is told again", lambda: hook.state.taken[end] == 2)
    await daemon.delivered()
    assert hook.types(f"graph/{key}") == ["job.running", "job.succeeded"]
