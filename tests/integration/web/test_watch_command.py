"""`jobwatchd watch` against a running daemon."""

import json
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import pytest
from click.testing import CliRunner, Result

from jobwatchd.cli.watch import watch
from jobwatchd.model.job import State

Run = Callable[..., Any]


@pytest.fixture
def run(daemon: Any, tmp_path: Any) -> Run:
    """Run the command with the daemon's address and token, beside the server."""
    token_file = tmp_path / "token"
    token_file.write_text("planted-token\n")
    environment = {"JOBWATCHD_URL": daemon.url, "JOBWATCHD_TOKEN_FILE": str(token_file)}

    async def run(*arguments: str, **changes: str) -> Result:
        runner = CliRunner(env=environment | changes)
        return await anyio.to_thread.run_sync(runner.invoke, watch, arguments)

    return run


async def test_add_follows_a_job(run: Run, daemon: Any):
    """Added through the command line, the watch has the labels and the policy asked for."""
    done = await run("add", "graph", "job_id=1964", "--label", "team=graph", "--deadline", "6h", "--silent")
    assert (done.exit_code, done.output) == (0, "Watching graph/1964 (watch 1)\n")
    record = await daemon.store.get_watch(1)
    assert record.watch.labels == {"team": "graph"}
    assert (record.watch.policy.deadline_s, record.watch.policy.silent_start) == (21_600, True)


async def test_add_again_is_no_mistake(run: Run, daemon: Any):
    """A job that is followed already is said to be so, with status 0."""
    await daemon.watch("1964")
    done = await run("add", "graph", "job_id=1964")
    assert (done.exit_code, done.output) == (0, "Already watching graph/1964 (watch 1)\n")


async def test_add_says_in_json_whether_it_is_new(run: Run):
    """With --json the answer is one document."""
    done = await run("add", "graph", "job_id=1", "--json")
    assert json.loads(done.output)["created"] is True
    assert json.loads(done.output)["watch"]["key"] == "graph/1"


async def test_add_explains_a_refusal(run: Run):
    """What the daemon does not take is one sentence on standard error, and status 1."""
    done = await run("add", "graph", "job_id=1", "--deadline", "soon")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "deadline: " in done.stderr


@pytest.mark.parametrize(
    "arguments", [["add", "graph"], ["add", "graph", "1964"], ["add", "graph", "=1"], ["show"], []]
)
async def test_wrong_usage_has_its_own_status(run: Run, arguments: list[str]):
    """What cannot be understood at all is status 2, and nothing is sent."""
    assert (await run(*arguments)).exit_code == 2


async def test_list_is_aligned_text_in_a_pipe(run: Run, daemon: Any):
    """Without a terminal each watch is one line with aligned columns."""
    await daemon.watch("1", labels={"team": "a"})
    await daemon.see(await daemon.watch("100"), State.RUNNING)
    lines = (await run("list")).output.splitlines()
    assert lines == [
        "ID  JOB        STATE         SINCE                 LABELS",
        "1   graph/1    not seen yet  2026-01-01 00:00:00Z  team=a",
        "2   graph/100  running       2026-01-01 00:00:00Z  -",
    ]


async def test_list_goes_through_all_pages(run: Run, daemon: Any):
    """More watches than a page holds are all listed."""
    for job in range(501):
        await daemon.watch(str(job))
    assert len(json.loads((await run("list", "--json")).output)) == 501


async def test_list_filters(run: Run, daemon: Any):
    """The options keep the watches that they say."""
    await daemon.see(await daemon.watch("1"), State.FAILED)
    await daemon.see(await daemon.watch("2", labels={"team": "a"}), State.RUNNING)
    for option in (["--active"], ["--state", "running"], ["--label", "team=a"]):
        listed = json.loads((await run("list", "--json", "--source", "graph", *option)).output)
        assert [each["key"] for each in listed] == ["graph/2"]


@pytest.mark.parametrize("name", ["1", "graph/7"])
async def test_show_tells_the_history(run: Run, daemon: Any, name: str):
    """A watch is found by its number and by the job's key."""
    await daemon.see(await daemon.watch("7"), State.RUNNING, State.FAILED, error="disk full", progress=40.0)
    output = (await run("show", name)).output
    assert "progress: 40 %\nerror: disk full\n" in output
    assert output.index("job.failed") < output.index("job.running")


async def test_names_of_jobs_cannot_steer_the_terminal(run: Run, daemon: Any):
    """Control characters that an API put into a name are shown as question marks."""
    await daemon.see(await daemon.watch("7"), State.RUNNING, name="\x1b[2Jcleared\r\n")
    assert "name: ?[2Jcleared??\n" in (await run("show", "1")).output


async def test_rm_stops_following(run: Run, daemon: Any):
    """Several watches are removed at once, by number or key."""
    await daemon.watch("1")
    await daemon.watch("2")
    done = await run("rm", "graph/1", "2")
    assert (done.exit_code, done.output) == (0, "No longer watching graph/1\nNo longer watching graph/2\n")
    assert await daemon.store.get_watch(1) is None


@pytest.mark.parametrize("name", ["1", "graph/1", "graph"])
@pytest.mark.parametrize("command", ["show", "rm"])
async def test_what_is_not_there_is_status_1(run: Run, command: str, name: str):
    """A watch that does not exist is said to be missing."""
    done = await run(command, name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")


async def test_a_wrong_token_is_explained(run: Run, daemon: Any):
    """A refused token says which option is about it, and never what the token was."""
    daemon.tokens["ci"] = "another"
    done = await run("list")
    assert done.exit_code == 1
    assert "--token-file" in done.stderr
    assert "planted-token" not in done.output


async def test_no_daemon_is_explained(run: Run):
    """Where nothing listens, the question is whether the daemon runs, and where was tried."""
    done = await run("list", JOBWATCHD_URL="http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "is jobwatchd running? Tried http://127.0.0.1:1" in done.stderr


@pytest.mark.parametrize("url", ["localhost:25629", "ftp://localhost", "http://", "http://a:b"])
async def test_no_address_is_explained(run: Run, url: str):
    """What is no HTTP address is refused before anything is sent."""
    done = await run("list", JOBWATCHD_URL=url)
    assert done.exit_code == 1
    assert "is not the address of a daemon" in done.stderr


async def test_an_unreadable_token_file_is_wrong_usage(run: Run, tmp_path: Any):
    """A token file that is missing, or empty, is status 2."""
    empty = tmp_path / "empty"
    empty.touch()
    for path in (empty, tmp_path / "missing"):
        assert (await run("list", JOBWATCHD_TOKEN_FILE=str(path))).exit_code == 2


@pytest.mark.parametrize("text", ["# ours\n\nci: planted-token\nops: another\n", "ci:\tplanted-token", "planted-token"])
async def test_a_file_of_named_tokens_is_a_token_file(run: Run, tmp_path: Any, text: str):
    """The daemon's own file does for the commands: the first token is sent, without its name."""
    (tmp_path / "token").write_text(text)
    assert (await run("list")).exit_code == 0


@pytest.mark.parametrize("text", ["", "# ours\n", "ci:\n", "planted token", "ci: plänted"])
async def test_a_token_file_without_a_token_is_wrong_usage(run: Run, tmp_path: Any, text: str):
    """Status 2, and what is in the file is not told."""
    (tmp_path / "token").write_text(text, encoding="utf-8")
    done = await run("list")
    assert (done.exit_code, "holds no token" in done.stderr, "planted" in done.stderr) == (2, True, False)
