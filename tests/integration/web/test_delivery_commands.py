"""`jobwatchd dead-letters` and `jobwatchd sinks` against a running daemon."""

import json
from pathlib import Path

import pytest

from integration.web.daemon import Daemon
from integration.web.shell import Shell
from jobwatchd.cli import cli
from jobwatchd.model.delivery import Attempt, DeliveryStatus, SinkCondition, SinkState
from jobwatchd.model.job import State
from jobwatchd.model.query import DeadLetterQuery


@pytest.fixture
def run(daemon: Daemon, tmp_path: Path) -> Shell:
    """Return what runs any command."""
    return Shell(cli, daemon, tmp_path)


@pytest.fixture
async def dead(daemon: Daemon) -> list[str]:
    """Let the sink `ci` give up three events of one job, and return their ids."""
    await daemon.see(await daemon.watch("1"), State.QUEUED, State.RUNNING, State.FAILED)
    return await give_up(daemon)


async def give_up(daemon: Daemon) -> list[str]:
    """Let the sink `ci` give up all that waits for it."""
    pending = await daemon.store.pending_deliveries("ci", 0, 10_000)
    now = daemon.clock.now()
    await daemon.store.record_attempts(
        [Attempt("ci", each.position, DeliveryStatus.DEAD, 5, now, None, "400 Bad Request") for each in pending]
    )
    return [each.event.id for each in pending]


async def left(daemon: Daemon) -> int:
    """Return how many dead letters there are."""
    return len(await daemon.store.list_dead_letters(DeadLetterQuery(limit=10_000)))


async def test_people_get_a_table(run: Shell, dead: list[str]) -> None:
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
    run: Shell, dead: list[str], options: list[str], states: list[str]
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
    run: Shell, daemon: Daemon, dead: list[str], options: list[str], count: int
) -> None:
    """All of it, and nothing else."""
    done = await run("dead-letters", "replay", *options)
    assert (done.exit_code, done.stdout) == (0, f"{count} to be sent again\n")
    assert await left(daemon) == 3 - count


async def test_replay_takes_ids(run: Shell, daemon: Daemon, dead: list[str]) -> None:
    """Those of one sink only, where that is said too."""
    assert (await run("dead-letters", "replay", "--sink", "other", *dead[:2])).stdout == "0 to be sent again\n"
    assert (await run("dead-letters", "replay", *dead[:2])).stdout == "2 to be sent again\n"
    assert await left(daemon) == 1


async def test_replay_goes_on_page_after_page(run: Shell, daemon: Daemon) -> None:
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
async def test_replay_wants_to_know_which(run: Shell, daemon: Daemon, dead: list[str], options: list[str]) -> None:
    """Nobody sends everything again by leaving something out."""
    done = await run("dead-letters", "replay", *options)
    assert done.exit_code == 2
    assert "--all" in done.stderr
    assert await left(daemon) == 3


async def test_a_wrong_id_is_explained(run: Shell, dead: list[str]) -> None:
    """The daemon says what it expected."""
    done = await run("dead-letters", "replay", "no-id")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "event_ids" in done.stderr


async def test_sinks_are_listed_and_enabled(run: Shell, daemon: Daemon) -> None:
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
