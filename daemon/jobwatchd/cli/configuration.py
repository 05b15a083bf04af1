"""Which configuration file is meant: the option -c."""

from pathlib import Path

import click


def _only(context: click.Context, option: click.Parameter, files: tuple[Path, ...]) -> Path | None:
    if len(files) > 1:
        names = ", ".join(map(str, files))
        raise click.BadParameter(f"it was given {len(files)} times ({names}); expected one file.", context, option)
    return files[0] if files else None


def _refuse(context: click.Context, _: click.Parameter, words: tuple[str, ...]) -> None:
    if words:
        raise click.UsageError(f"A configuration file is named with -c: {context.command_path} -c {words[0]}", context)


config_option = click.option(
    "-c",
    "--config",
    multiple=True,
    callback=_only,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration file.  [default: $JOBWATCHD_CONFIG, else /etc/jobwatchd/jobwatchd.yaml]",
)
# For commands that take nothing but options: many people expect that the file is an argument.
no_argument = click.argument("words", nargs=-1, metavar="", expose_value=False, callback=_refuse)
