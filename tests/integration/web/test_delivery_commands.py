"""`jobwatchd dead-letters` and `jobwatchd sinks` against a running daemon."""

import json
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import pytest
from click.testing import CliRunner, Result

from jobwatchd.cli import cli
from jobwatchd.model.delivery import Attempt, DeliveryStatus, SinkCondition, SinkState
from jobwatchd.model.job import State
from jobwatchd.model.query import DeadLetterQuery

Run = Callable[..., Any]


@pytest.fixture
def run(daemon: Any, tmp_path: Any) -> Run:
    """Run a command with the daemon's address and token, beside the server."""
    token_file = tmp_path / "token"
    token_file.write_text("planted-token\n")
    environment = {"JOBWATCHD_URL": daemon.url, "JOBWATCHD_TOKEN_FILE": str(token_file)}

    async def run(*arguments: str) -> Result:
        return await anyio.to_thread.run_sync(CliRunner(env=environment).invoke, cli, arguments)

    return run


@pytest.fixture
async def dead(daemon: Any) -> list[str]:
    """Let the sink `ci` give up three events of one job, and return their ids."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    return await give_up(daemon)


async def give_up(daemon: Any) -> list[str]:
    """Let the sink `ci` give up all that waits for it."""
    pending = await daemon.store.pending_deliveries("ci", 0, 10_000)
    now = daemon.clock.now()
    await daemon.store.record_attempts(
        [Attempt("ci", each.position, DeliveryStatus.DEAD, 5, now, None, "400 Bad Request") for each in pending]
    )
    return [each.event.id for each in pending]


async def left(daemon: Any) -> int:
    """Return how many dead letters there are."""
    return len(await daemon.store.list_dead_letters(DeadLetterQuery(limit=10_000)))


async def test_people_get_a_table(run: Run, dead: list[str]) -> None:
    """Where it is, whose it is, why it was given up, and under which id it can be asked for."""
    done = await run("dead-letters", "list", "--limit", "1")
    assert done.stdout.splitlines() == [
        "POSITION  SINK  EVENT       JOB      GIVEN UP              ATTEMPTS  ERROR            ID",
        f"1         ci    job.queued  graph/1  2026-01-01 00:00:00Z  5         400 Bad Request  {dead[0]}",
    ]


@pytest.mark.parametrize(
    ("options", "states"),
    [
        ([], ["queued", "running", "failed"]),
        (["--sink", "other"], []),
        (["--source", "graph", "--type", "job.failed", "--type", "job.queued"], ["queued", "failed"]),
        (["--after", "1", "--limit", "1"], ["running"]),
        (["--all", "--limit", "1"], ["queued", "running", "failed"]),
    ],
)
async def test_listing_takes_the_options_of_events(
    run: Run, dead: list[str], options: list[str], states: list[str]
) -> None:
    """One document a line with --json."""
    done = await run("dead-letters", "list", "--json", *options)
    assert [json.loads(line)["event"]["state"] for line in done.stdout.splitlines()] == states


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--all"], 3),
        (["--sink", "ci"], 3),
        (["--sink", "other"], 0),
        (["--type", "job.failed"], 1),
        (["--source", "graph", "--after", "1"], 2),
        (["--source", "graph", "--limit", "2"], 2),
    ],
)
async def test_replay_brings_back_what_fits(
    run: Run, daemon: Any, dead: list[str], options: list[str], count: int
) -> None:
    """All of it, and nothing else."""
    done = await run("dead-letters", "replay", *options)
    assert (done.exit_code, done.stdout) == (0, f"{count} to be sent again\n")
    assert await left(daemon) == 3 - count


async def test_replay_takes_ids(run: Run, daemon: Any, dead: list[str]) -> None:
    """Those of one sink only, where that is said too."""
    assert (await run("dead-letters", "replay", "--sink", "other", *dead[:2])).stdout == "0 to be sent again\n"
    assert (await run("dead-letters", "replay", *dead[:2])).stdout == "2 to be sent again\n"
    assert await left(daemon) == 1


async def test_replay_goes_on_page_after_page(run: Run, daemon: Any) -> None:
    """More than one request may take."""
    watch = await daemon.watch("1")
    for _ in range(300):
        watch = await daemon.see(watch, State.QUEUED, State.RUNNING)
    ids = await give_up(daemon)
    listed = await run("dead-letters", "list", "--all", "--json")
    assert len(listed.stdout.splitlines()) == 600
    assert (await run("dead-letters", "replay", *ids[:550])).stdout == "550 to be sent again\n"
    await give_up(daemon)
    assert (await run("dead-letters", "replay", "--all")).stdout == "600 to be sent again\n"


@pytest.mark.parametrize("options", [[], ["--after", "1"], ["--limit", "5"]])
async def test_replay_wants_to_know_which(run: Run, daemon: Any, dead: list[str], options: list[str]) -> None:
    """Nobody sends everything again by leaving something out."""
    done = await run("dead-letters", "replay", *options)
    assert done.exit_code == 2
    assert "--all" in done.stderr
    assert await left(daemon) == 3


async def test_a_wrong_id_is_explained(run: Run, dead: list[str]) -> None:
    """The daemon says what it expected."""
    done = await run("dead-letters", "replay", "no-id")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "event_ids" in done.stderr


async def test_sinks_are_listed_and_enabled(run: Run, daemon: Any) -> None:
    """One that is off says since when and why, and is on when asked."""
    daemon.sinks.found = {
        "hook": SinkState("hook", SinkCondition.DISABLED, daemon.clock.now(), "ci.example.com answered 410"),
        "log": SinkState("log"),
    }
    assert (await run("sinks", "list")).stdout.splitlines() == [
        "SINK  STATE     SINCE                 PENDING  DEAD  REASON",
        "hook  disabled  2026-01-01 00:00:00Z  0        0     ci.example.com answered 410",
        "log   ok        -                     0        0     -",
    ]
    assert [line["name"] for line in json.loads((await run("sinks", "list", "--json")).stdout)] == ["hook", "log"]
    assert (await run("sinks", "enable", "hook")).stdout == "Enabled hook\n"
    assert (await run("sinks", "enable", "hook")).stdout == "Not disabled: hook\n"
    missing = await run("sinks", "enable", "other")
    assert (missing.exit_code, missing.stderr) == (4, "Error: There is no sink other.\n")
