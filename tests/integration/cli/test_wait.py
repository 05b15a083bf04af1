"""`jobwatchd wait` as a script would run it: the real process against a real API."""

import json
import signal
import socket
import sys
from dataclasses import replace

import anyio
import pytest

from integration.cli.api import Api
from jobwatchd.simulator.job import Life

RUNNING, SUCCEEDED = 1, 2
# Who runs the tests in the background has them ignore some signals, and all that they start.
HEED_ALL = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


async def test_a_job_that_succeeds_is_told_step_by_step(api: Api) -> None:
    """One line an event on stderr, nothing on stdout, status 0."""
    process = await api.start("wait", "graph", "1")
    assert process.stderr is not None
    assert process.stdout is not None
    written = ""
    async for piece in process.stderr:
        written += piece.decode()
        if "job.running" in written and "job.succeeded" not in written:
            [job] = [job for job in api.roster if job.id == "1"]
            api.roster.put(replace(job, life=Life.of(((0, RUNNING), (0.001, SUCCEEDED)))))
    told = [line.split()[2] for line in written.splitlines() if " job." in line]
    assert told[-2:] == ["job.running", "job.succeeded"]
    assert (await process.wait(), [piece async for piece in process.stdout]) == (0, [])


@pytest.mark.parametrize(("job", "status"), [("3", 1), ("4", 3), ("999", 4)])
async def test_the_status_says_how_the_job_ended(api: Api, job: str, status: int) -> None:
    """Failed, cancelled, lost."""
    assert (await api.wait("graph", job)).returncode == status


async def test_the_worst_of_several_ends_is_the_status(api: Api) -> None:
    """A script that waits for two jobs must not go on when one failed."""
    assert (await api.wait("graph", "2", "3", "4")).returncode == 1


async def test_a_job_that_does_not_end_in_time(api: Api) -> None:
    """The same status as timeout(1)."""
    result = await api.wait("graph", "1", "--timeout", "1s", "--json")
    assert (result.returncode, json.loads(result.stdout)) == (124, {"jobs": [{"job": "graph/1", "end": None}]})


async def test_json_has_every_end(api: Api) -> None:
    """One object on stdout."""
    result = await api.wait("graph", "3", "graph/4", "--json")
    ends = {"jobs": [{"job": "graph/3", "end": "failed"}, {"job": "graph/4", "end": "cancelled"}]}
    assert json.loads(result.stdout) == ends


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["grap", "1"], "'grap' is not configured; expected one of graph"),
        (["graph", "a/b"], "expected job_id"),
        pytest.param(["graph", "x1"], "to be a number", marks=pytest.mark.slow),
        pytest.param(["graph", "1", "--timeout", "soon"], "is not a duration", marks=pytest.mark.slow),
        pytest.param(["graph"], "Missing argument", marks=pytest.mark.slow),
    ],
)
async def test_wrong_arguments_are_explained(api: Api, arguments: list[str], complaint: str) -> None:
    """Status 2, and a sentence that says what was expected."""
    result = await api.wait(*arguments)
    assert result.returncode == 2
    assert complaint in result.stderr.decode()


async def test_a_broken_configuration_is_status_2(api: Api) -> None:
    """As for every other command."""
    api.config.write_text("sources: {}")
    assert (await api.wait("graph", "1")).returncode == 2


async def test_refused_credentials_end_it_at_once(api: Api) -> None:
    """Two tries, no more: accounts get locked. The keys of the configuration are named, the secret is not."""
    api.edit("password: ", "password: Wrong-")
    result = await api.wait("graph", "1")
    told = result.stderr.decode()
    assert (result.returncode, "sources.graph.password" in told, "Wrong-" in told) == (77, True, False)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("base_url: http://127.0.0.1:{free}", "nothing listens at 127.0.0.1:{free} (connection refused)"),
        ("base_url: https://127.0.0.1:{port}", "does not speak TLS; write http:// instead of https://"),
    ],
)
async def test_what_keeps_it_waiting_is_said_at_once(api: Api, new: str, told: str) -> None:
    """Port and scheme are what is wrong most often; the key is named, and it is tried on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    old = next(line.strip() for line in api.config.read_text().splitlines() if "base_url" in line)
    facts = {"free": free, "port": old.rpartition(":")[2]}
    api.edit(old, new.format_map(facts))
    result = await api.wait("graph", "1", "--timeout", "2s")
    assert result.returncode == 124
    assert told.format_map(facts) in result.stderr.decode()
    assert "sources.graph.base_url" in result.stderr.decode()


async def test_a_job_that_is_not_there_is_looked_for_a_while(api: Api) -> None:
    """It is said at once, and given up after a grace of its own."""
    result = await api.wait("graph", "999", "--appear-within", "1s")
    assert result.returncode == 4
    assert "waiting up to 1 s for it to appear" in result.stderr.decode()


@pytest.mark.parametrize(
    "words",
    [
        ["graph/3", "job_id=4"],
        *(pytest.param(words, marks=pytest.mark.slow) for words in (["3", "4"], ["job_id=3", "job_id=4"])),
    ],
)
async def test_a_job_is_named_by_its_key_or_by_its_parts(api: Api, words: list[str]) -> None:
    """Both ways, mixed too."""
    ends = json.loads((await api.wait("graph", *words, "--json")).stdout)["jobs"]
    assert [each["job"] for each in ends] == ["graph/3", "graph/4"]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
async def test_a_signal_is_the_status_that_a_shell_gives_it(api: Api, number: signal.Signals, status: int) -> None:
    """None is taken for the end of a job."""
    arguments = ["-Im", "jobwatchd", "wait", "graph", "1", "-c", str(api.config)]
    async with await anyio.open_process([sys.executable, "-Ic", HEED_ALL, *arguments]) as process:
        assert process.stderr is not None
        await process.stderr.receive()
        process.send_signal(number)
        with anyio.move_on_after(20):
            assert await process.wait() == status
            return
        process.kill()
        pytest.fail("the signal was not heeded")
