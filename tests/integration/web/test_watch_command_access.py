"""How `jobwatchd watch` finds the daemon, and proves who asks."""

from pathlib import Path

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from integration.web.daemon import Daemon, Switchboard
from integration.web.shell import Shell
from jobwatchd.cli.watch import watch


@pytest.fixture
def run(daemon: Daemon, tmp_path: Path) -> Shell:
    """Return what runs `jobwatchd watch`."""
    return Shell(watch, daemon, tmp_path)


async def test_a_wrong_token_is_explained(run: Shell, daemon: Daemon) -> None:
    """A refused token says which option is about it, and never what the token was."""
    daemon.tokens["ci"] = "another"
    done = await run("list")
    assert done.exit_code == 77
    assert "--token-file" in done.stderr
    assert "planted-token" not in done.output


async def test_no_daemon_is_explained(run: Shell) -> None:
    """Where nothing listens, the question is whether the daemon runs, and where was tried."""
    done = await run("list", JOBWATCHD_URL="http://127.0.0.1:1")
    assert done.exit_code == 69
    assert "is jobwatchd running? Tried http://127.0.0.1:1" in done.stderr
    assert "jobwatchd run -c FILE" in done.stderr
    assert "--url" in done.stderr


async def test_somebody_else_is_no_daemon(run: Shell, switchboard: Switchboard) -> None:
    """What answers, but not as jobwatchd would, is as good as nobody."""
    for app in (PlainTextResponse("hello"), JSONResponse({"a": 1}), PlainTextResponse("none", 404), JSONResponse([])):
        switchboard.app = app
        done = await run("list")
        assert (done.exit_code, done.stdout, "Traceback" in done.stderr) == (69, "", False)


@pytest.mark.parametrize("url", ["localhost:25629", "ftp://localhost", "http://", "http://a:b"])
async def test_no_address_is_explained(run: Shell, url: str) -> None:
    """What is no HTTP address is refused before anything is sent."""
    done = await run("list", JOBWATCHD_URL=url)
    assert done.exit_code == 2
    assert "is not the address of a daemon" in done.stderr


async def test_an_unreadable_token_file_is_wrong_usage(run: Shell, tmp_path: Path) -> None:
    """A token file that is missing, empty, or holds what no header can carry, is status 2; its text is not shown."""
    for name, text in {"empty": "", "comment": "# planted\n", "control": "planted\x01", "letters": "plänted"}.items():
        (tmp_path / name).write_text(text)
    for name in ("empty", "comment", "control", "letters", "missing"):
        done = await run("list", JOBWATCHD_TOKEN_FILE=str(tmp_path / name))
        assert (done.exit_code, "planted" in done.output, "plänted" in done.output) == (2, False, False)


@pytest.mark.parametrize("text", ["# ours\n\nci: planted-token\nops: another\n", "ci:\tplanted-token", "planted-token"])
async def test_a_file_of_named_tokens_is_a_token_file(run: Shell, tmp_path: Path, text: str) -> None:
    """The daemon's own file does for the commands: the first token is sent, without its name."""
    (tmp_path / "token").write_text(text)
    assert (await run("list", JOBWATCHD_TOKEN_FILE=str(tmp_path / "token"))).exit_code == 0


@pytest.mark.parametrize("text", ["", "# ours\n", "ci:\n", "planted token", "ci: plänted"])
async def test_a_token_file_without_a_token_is_wrong_usage(run: Shell, tmp_path: Path, text: str) -> None:
    """Status 2, and what is in the file is not told."""
    (tmp_path / "token").write_text(text, encoding="utf-8")
    done = await run("list", JOBWATCHD_TOKEN_FILE=str(tmp_path / "token"))
    assert (done.exit_code, "planted" in done.stderr) == (2, False)


async def test_the_token_can_stand_in_the_environment(run: Shell) -> None:
    """Without a file, a variable holds the token itself."""
    for token, status in {"planted-token": 0, "wrong": 77, "": 77}.items():
        assert (await run("list", JOBWATCHD_TOKEN_FILE="", JOBWATCHD_TOKEN=token)).exit_code == status
