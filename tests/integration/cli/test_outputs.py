"""Output that cannot be written, or that nobody reads, decides nothing."""

import os
from contextlib import suppress

import anyio
import pytest

from integration.cli.api import Api

LOST = ["2>&-", "2>/dev/full", ">&-", ">/dev/full", ">/dev/full 2>/dev/full"]


@pytest.mark.parametrize(
    "redirection", ["<&- >&- 2>&-", *(pytest.param(each, marks=pytest.mark.slow) for each in LOST)]
)
@pytest.mark.parametrize(("job", "status"), [("5", 0), ("3", 1)])
async def test_a_job_ends_as_it_ends(api: Api, job: str, status: int, redirection: str) -> None:
    """Progress goes to stderr, the result to stdout: neither is why somebody waits."""
    assert (await api.wait("graph", job, "--json", redirection=redirection)).returncode == status


@pytest.mark.parametrize("redirection", [">/dev/full", pytest.param("<&- >&- 2>&-", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("arguments", "status"), [(["check-config"], 0), (["probe", "graph", "999", "3"], 4)])
async def test_other_answers_are_the_same_too(api: Api, arguments: list[str], status: int, redirection: str) -> None:
    """The answer is the status; all jobs are looked at."""
    assert (await api.run(*arguments, redirection=redirection)).returncode == status


@pytest.mark.parametrize("arguments", [["check-config"], ["wait", "graph", "3", "--json"], ["probe", "graph", "3"]])
async def test_a_reader_that_has_enough_is_no_fault(api: Api, arguments: list[str]) -> None:
    """As `head` has after a line: nothing is said of it, and the status is the same."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        result = await api.run(*arguments, stdout=write_end)
    finally:
        os.close(write_end)
    assert result.returncode == (1 if arguments[0] == "wait" else 0)
    assert b"Traceback" not in result.stderr
    assert b"written" not in result.stderr


async def test_a_job_ends_as_it_ends_though_nobody_reads(api: Api) -> None:
    """A pipe that is full, and stays so, holds up nobody for long."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with suppress(BlockingIOError):
        while True:
            os.write(write_end, b"x" * 4_096)
    os.set_blocking(write_end, True)
    with anyio.fail_after(60):
        result = await api.run("wait", "graph", "3", "--json", stdout=write_end)
    os.close(read_end)
    os.close(write_end)
    assert result.returncode == 1
    assert result.stderr.decode().endswith("jobwatchd: nobody reads standard output.\n")


async def test_what_is_no_text_is_refused(api: Api) -> None:
    """Nothing here takes bytes, save names of files; which argument it is, is told."""
    for arguments in (["wait", "graph", b"\xff"], ["watch", "add", "graph", "2", "--label", b"team=\xff"], [b"\xff"]):
        result = await api.run(*arguments)
        told = result.stderr.decode()
        assert (result.returncode, "Traceback" in told) == (2, False)
        assert f"Argument {len(arguments)}," in told
