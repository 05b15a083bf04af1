"""`jobwatchd watch` against a running daemon."""

import json
from pathlib import Path

import pytest

from integration.web.daemon import Daemon
from integration.web.shell import Shell
from jobwatchd.cli.watch import watch
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.health import SourceState
from jobwatchd.model.job import State


@pytest.fixture
def run(daemon: Daemon, tmp_path: Path) -> Shell:
    """Return what runs `jobwatchd watch`."""
    return Shell(watch, daemon, tmp_path)


async def test_add_follows_a_job(run: Shell, daemon: Daemon) -> None:
    """Added through the command line, the watch has the labels and the policy asked for."""
    done = await run("add", "graph", "job_id=1964", "--label", "team=graph", "--deadline", "6h", "--silent")
    assert (done.exit_code, done.output) == (0, "Watching graph/1964 (watch 1)\n")
    added = await daemon.stored(1)
    assert added.labels == {"team": "graph"}
    assert (added.policy.deadline_s, added.policy.silent_start) == (21_600, True)


async def test_add_again_is_no_mistake(run: Shell, daemon: Daemon) -> None:
    """A job that is followed already is said to be so, with status 0."""
    await daemon.watch("1964")
    done = await run("add", "graph", "job_id=1964")
    assert (done.exit_code, done.output) == (0, "Already watching graph/1964 (watch 1)\n")


async def test_add_says_in_json_whether_it_is_new(run: Shell) -> None:
    """With --json the answer is one document."""
    done = await run("add", "graph", "job_id=1", "--json")
    assert json.loads(done.output)["created"] is True
    assert json.loads(done.output)["watch"]["key"] == "graph/1"


async def test_add_explains_a_refusal(run: Shell) -> None:
    """What the daemon does not take is one sentence on standard error, and status 2."""
    done = await run("add", "graph", "job_id=1", "--label", "0=x")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "labels." in done.stderr


async def test_a_deadline_that_is_none_names_what_to_write(run: Shell, daemon: Daemon) -> None:
    """A duration is checked before anything is sent, and what was meant is suggested."""
    done = await run("add", "graph", "job_id=1", "--deadline", "6hours")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "or d): 6h" in done.stderr
    assert await daemon.store.get_watch(1) is None


async def test_a_job_is_added_as_its_key_has_it(run: Shell) -> None:
    """As `wait` takes it, beside part by part."""
    assert (await run("add", "graph", "1964")).output == "Watching graph/1964 (watch 1)\n"
    assert (await run("add", "graph", "job_id=1964")).output == "Already watching graph/1964 (watch 1)\n"


async def test_several_jobs_are_added_together_or_not_at_all(run: Shell, daemon: Daemon) -> None:
    """A name that comes again begins the next job; one that does not fit keeps all from being followed."""
    assert (await run("add", "graph", "job_id=1", "job_idd=2")).exit_code == 2
    assert await daemon.store.get_watch(1) is None
    done = await run("add", "graph", "job_id=1", "job_id=2")
    assert done.output == "Watching graph/1 (watch 1)\nWatching graph/2 (watch 2)\n"


@pytest.mark.parametrize("arguments", [["add", "graph"], ["add", "graph", "=1"], ["show"], []])
async def test_wrong_usage_has_its_own_status(run: Shell, arguments: list[str]) -> None:
    """What cannot be understood at all is status 2, and nothing is sent."""
    assert (await run(*arguments)).exit_code == 2


async def test_list_is_aligned_text_in_a_pipe(run: Shell, daemon: Daemon) -> None:
    """Without a terminal each watch is one line with aligned columns."""
    await daemon.watch("1", labels={"team": "a"})
    await daemon.see(await daemon.watch("100"), State.RUNNING)
    lines = (await run("list")).output.splitlines()
    assert lines == [
        "ID  JOB        STATE         SINCE                 LABELS",
        "1   graph/1    not seen yet  2026-01-01 00:00:00Z  team=a",
        "2   graph/100  running       2026-01-01 00:00:00Z  -",
    ]


async def test_list_goes_through_all_pages(run: Shell, daemon: Daemon) -> None:
    """More watches than a page holds are all listed."""
    for job in range(501):
        await daemon.watch(str(job))
    assert len(json.loads((await run("list", "--json")).output)) == 501


async def test_list_filters(run: Shell, daemon: Daemon) -> None:
    """The options keep the watches that they say."""
    await daemon.see(await daemon.watch("1"), State.FAILED)
    await daemon.see(await daemon.watch("2", labels={"team": "a"}), State.RUNNING)
    for option in (["--active"], ["--state", "running"], ["--label", "team=a"]):
        listed = json.loads((await run("list", "--json", "--source", "graph", *option)).output)
        assert [each["key"] for each in listed] == ["graph/2"]


@pytest.mark.parametrize("name", ["1", "graph/7"])
async def test_show_tells_the_history(run: Shell, daemon: Daemon, name: str) -> None:
    """A watch is found by its number and by the job's key."""
    await daemon.see(
        await daemon.watch("7"),
        State.RUNNING,
        State.FAILED,
        error="disk full",
        facts=JobFacts(progress=40.0, url="https://x/7"),
    )
    output = (await run("show", name)).output
    assert "url: https://x/7\nprogress: 40 %\nerror: disk full\n" in output
    assert output.index("job.failed") < output.index("job.running")


async def test_names_of_jobs_cannot_steer_the_terminal(run: Shell, daemon: Daemon) -> None:
    """Control characters that an API put into a name are shown as question marks."""
    await daemon.see(await daemon.watch("7"), State.RUNNING, facts=JobFacts("\x1b[2Jcleared\r\n"))
    assert "name: ?[2Jcleared??\n" in (await run("show", "1")).output


async def test_rm_stops_following(run: Shell, daemon: Daemon) -> None:
    """Several watches are removed at once, by number or key."""
    await daemon.watch("1")
    await daemon.watch("2")
    done = await run("rm", "graph/1", "2")
    assert (done.exit_code, done.output) == (0, "No longer watching graph/1\nNo longer watching graph/2\n")
    assert await daemon.store.get_watch(1) is None


async def test_rm_removes_nothing_where_one_is_not_there(run: Shell, daemon: Daemon) -> None:
    """Half of what was asked for would be a surprise."""
    await daemon.watch("1")
    assert (await run("rm", "graph/1", "graph/2")).exit_code == 4
    assert await daemon.store.get_watch(1) is not None


@pytest.mark.parametrize("name", ["1", "9" * 5000, "graph/1"])
@pytest.mark.parametrize("command", ["show", "rm"])
async def test_what_is_not_there_is_status_4(run: Shell, command: str, name: str) -> None:
    """A watch that does not exist is said to be missing."""
    done = await run(command, name)
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.startswith("Error: There is no watch")


@pytest.mark.parametrize("words", [["graph"], ["graph", "1964"], ["graph/"], ["/1964"], [""]])
async def test_what_names_no_watch_is_told_what_would(run: Shell, words: list[str]) -> None:
    """A source alone, or a job beside it, is wrong usage, and the key is shown as it is to be written."""
    done = await run("show", *words)
    assert done.exit_code == 2
    assert "graph/1964" in done.stderr


async def test_a_number_that_is_a_job_is_told_its_key(run: Shell, daemon: Daemon) -> None:
    """Numbers are those of watches; where a job is called so, its key is what was meant."""
    daemon.watchlist.fares = [SourceState("graph", is_up=True, watches={})]
    await daemon.watch("1964")
    done = await run("show", "1964")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "There is no watch with the number 1964; for the job write graph/1964." in done.stderr


async def test_a_number_that_is_both_is_the_watch(run: Shell, daemon: Daemon) -> None:
    """The watch of that number is shown, and how to name the job is said beside it."""
    daemon.watchlist.fares = [SourceState("graph", is_up=True, watches={})]
    await daemon.watch("2")
    await daemon.watch("3")
    done = await run("show", "2")
    assert "graph/3" in done.stdout
    assert "for the job write graph/2" in done.stderr


async def test_a_key_is_found_however_it_is_encoded(run: Shell, daemon: Daemon) -> None:
    """A blank in a job's name need not be written as in the key."""
    await daemon.watch("a b")
    assert "graph/a%20b" in (await run("show", "graph/a b")).stdout
