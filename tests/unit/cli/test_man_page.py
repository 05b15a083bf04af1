"""The manual page: all that the commands take is in it, as man prints it."""

import shutil
import subprocess
from collections.abc import Iterator

import click
import pytest

from jobwatchd.cli import cli
from jobwatchd.cli.man_page import render


def commands(ctx: click.Context) -> Iterator[click.Context]:
    """Yield a command and all below it."""
    yield ctx
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            if (command := ctx.command.get_command(ctx, name)) is not None:
                yield from commands(click.Context(command, info_name=name, parent=ctx))


COMMANDS = list(commands(click.Context(cli, info_name="jobwatchd")))


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page, with hyphens and quotes as they are read."""
    return render(cli).replace(r"\-", "-").replace(r"\(aq", "'").replace(r"\(ga", "`")


@pytest.mark.parametrize("ctx", COMMANDS, ids=lambda ctx: ctx.command_path)
def test_each_command_is_in_it_with_all_its_options(page: str, ctx: click.Context) -> None:
    """In its own part, what it takes, and what its help begins and ends with."""
    part = page.partition(f"\n\\fB{ctx.command_path}\\fR ")[2].partition("\n.SS ")[0]
    for param in ctx.command.params:
        wanted = [*param.opts, *param.secondary_opts] if isinstance(param, click.Option) else [param.make_metavar(ctx)]
        assert [name for name in wanted if name not in part] == []
    for text in (ctx.command.help, ctx.command.epilog):
        words = (text or "").replace("\b", "").split()
        assert [word for word in words if word not in part] == []


def test_each_variable_is_in_it(page: str) -> None:
    """Those that stand for an option."""
    variables = {str(param.envvar) for ctx in COMMANDS for param in ctx.command.params if param.envvar}
    assert variables
    environment = page.partition(".SH ENVIRONMENT")[2]
    assert {name for name in variables if f"\\fB{name}\\fR" not in environment} == set()


needs_groff = pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")


def man(text: str) -> "subprocess.CompletedProcess[str]":
    """Print a page on a terminal of no colours, with all warnings."""
    command = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True)


@needs_groff
def test_man_has_nothing_to_complain_of() -> None:
    """No request is unknown, and no text is taken for one."""
    printed = man(render(cli))
    assert printed.stderr == ""
    assert "SEE ALSO" in printed.stdout


@needs_groff
@pytest.mark.parametrize("text", [".not a request", "'nor this", r"a \b in it", 'a "quoted" word', "--an-option ~ ^"])
def test_help_may_hold_what_man_would_take_for_its_own(text: str) -> None:
    """It is printed as it is, to be copied."""
    printed = man(render(click.Command("jobwatchd", help=f"Summary.\n\n{text}")))
    assert text in printed.stdout
    assert printed.stderr == ""
