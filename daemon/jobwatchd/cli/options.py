"""The arguments and options that several commands take."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobwatchd.model.notation import parse_duration_s, shown

if TYPE_CHECKING:  # the clients of the daemon should not load its settings
    from jobwatchd.model.job import JobReference
    from jobwatchd.settings import Settings

_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


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


class DurationType(click.ParamType[float]):
    """A number and a unit; becomes seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds; click reports a usage error for what is no duration."""
        try:
            return parse_duration_s(value)
        except ValueError as exc:
            self.fail(f"{exc}.", param, ctx)


class DurationText(DurationType):
    """The same, as the daemon wants it: as text, without blanks."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text; click reports a usage error for what is no duration."""
        super().convert(value, param, ctx)
        return "".join(value.split())


DURATION = DurationType()
DURATION_TEXT = DurationText()


def named_jobs(words: Sequence[str]) -> list[Mapping[str, str]]:
    """Return the parameters of each job that `words` name: `1964`, `SPACE/WORKFLOW/JOB`, or several `name=value`.

    What is written as in a key is under the one name `key`. A name that comes again begins another job.
    """
    jobs: list[dict[str, str]] = []
    parts: dict[str, str] | None = None
    for word in words:
        pair = _PAIR.fullmatch(word)
        if pair is None:
            parts = None
            jobs.append({"key": word})
            continue
        if parts is None or pair[1] in parts:
            parts = {}
            jobs.append(parts)
        parts[pair[1]] = pair[2]
    return list(jobs)


def references(settings: "Settings", source: str, words: Sequence[str]) -> "list[JobReference]":
    """Return the jobs of a source, each once; raises click's usage errors for what names none."""
    if source not in settings.sources:
        known = ", ".join(sorted(settings.sources))
        says = f"{shown(source, settings.sources)} is not configured; expected one of {known}."
        raise click.BadParameter(says, param_hint="SOURCE")
    refs: dict[JobReference, None] = {}
    for job in named_jobs(words):
        try:
            refs[settings.reference(source, job)] = None
        except ValueError as exc:
            raise click.BadParameter(f"{exc}.", param_hint="JOB") from exc
    return list(refs)
