"""The manual page, made of the help of all commands."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from inspect import cleandoc

import click

TITLE = '.TH JOBWATCHD 1 "" "jobwatchd {version}" "User Commands"'
ENVIRONMENT = (
    ("JOBWATCHD_CONFIG", "The configuration file, where --config does not name one."),
    ("JOBWATCHD_KEY__KEY", "Overrides one key of the configuration, as in JOBWATCHD_SERVER__LISTEN."),
)
FILES = (
    ("/etc/jobwatchd/jobwatchd.yaml", "The configuration; jobwatchd config-schema describes it."),
    ("/run/secrets", "Secrets, each in a file named after its key, such as sources.graph.password."),
)


@click.command("man-page", epilog="\b\nExample:\n  jobwatchd man-page | man -l -")
@click.pass_context
def man_page(ctx: click.Context) -> None:
    """Print the manual page, jobwatchd(1)."""
    click.echo(render(ctx.find_root().command))


def render(program: click.Command) -> str:
    """Return the manual page of a program, for man."""
    ctx = click.Context(program, info_name="jobwatchd", **program.context_settings)
    summary = cleandoc(program.help or "").split("\n\n")[0].rstrip(".")
    lines = [TITLE.format(version=_escaped(version("jobwatchd"))), ".SH NAME", rf"jobwatchd \- {_escaped(summary)}"]
    lines += [".SH SYNOPSIS", *_usage(ctx), ".SH DESCRIPTION", *_prose(program.help), ".SH OPTIONS", *_options(ctx)]
    lines.append(".SH COMMANDS")
    for each in commands_below(ctx):
        title = _escaped(each.command_path.removeprefix("jobwatchd "))
        lines += [f'.SS "{title}"', *_usage(each), ".PP", *_prose(each.command.help), *_options(each)]
        lines += _prose(each.command.epilog)
    variables = dict(_variables(ctx)) | {name: _escaped(text) for name, text in ENVIRONMENT}
    lines += [".SH ENVIRONMENT", *_definitions(sorted(variables.items()))]
    lines += [".SH FILES", *_definitions([(_escaped(name), _escaped(text)) for name, text in FILES])]
    lines += [".SH SEE ALSO", ".BR systemctl (1),", ".BR journalctl (1)"]
    return "\n".join(lines)


def commands_below(ctx: click.Context) -> Iterator[click.Context]:
    """Yield a context for each command that a group has, and what those have, in the order in which help lists them."""
    if not isinstance(ctx.command, click.Group):
        return
    for name in ctx.command.list_commands(ctx):
        command = ctx.command.get_command(ctx, name)
        if command is not None and not command.hidden:
            below = click.Context(command, info_name=name, parent=ctx)
            yield below
            yield from commands_below(below)


def _usage(ctx: click.Context) -> list[str]:
    pieces = " ".join(ctx.command.collect_usage_pieces(ctx))
    return [rf"\fB{_escaped(ctx.command_path)}\fR {_escaped(pieces)}"]


def _options(ctx: click.Context) -> list[str]:
    records = (param.get_help_record(ctx) for param in ctx.command.get_params(ctx))
    return _definitions([(_escaped(names), _escaped(text)) for names, text in filter(None, records) if text])


def _definitions(entries: list[tuple[str, str]]) -> list[str]:
    return [line for name, text in entries for line in (".TP", rf"\fB{name}\fR", text)]


def _variables(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """Yield each variable that stands for an option, and what the option's help says."""
    for each in commands_below(ctx):
        for option in each.command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                yield option.envvar, _escaped(option.help or "")


def _prose(text: str | None) -> list[str]:
    """Return paragraphs; one that click is told not to wrap, by a first line of backspace, keeps its lines."""
    lines: list[str] = []
    for paragraph in cleandoc(text or "").split("\f")[0].split("\n\n"):
        kept = paragraph.removeprefix("\b\n")
        if kept != paragraph:
            lines += [".PP", ".nf", *map(_escaped, kept.splitlines()), ".fi"]
        elif kept:
            lines += [".PP", _escaped(" ".join(kept.split()))]
    return lines


def _escaped(text: str) -> str:
    """Return text as man prints it: hyphens and quotes that can be copied, and nothing taken for a request."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    return re.sub(r"^(?=\.)", r"\\&", text.replace('"', r"\(dq"))
