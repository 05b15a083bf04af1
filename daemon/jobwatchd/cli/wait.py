"""Waiting for jobs, as a step of a script."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import click
import orjson

from jobwatchd.cli.failure import exit_on_failure
from jobwatchd.cli.jobs import references
from jobwatchd.cli.progress import Progress
from jobwatchd.cli.run import config_option
from jobwatchd.model.event import EventType
from jobwatchd.model.job import JobReference
from jobwatchd.model.units import parse_duration_s
from jobwatchd.settings import load_settings
from jobwatchd.wiring import build_waiting

TIMED_OUT = 124
# The first that applies to any of the jobs is the exit status: what needs a person most comes first.
EXIT_STATUS = {EventType.JOB_FAILED: 1, EventType.JOB_LOST: 4, EventType.JOB_CANCELLED: 3}


def _duration(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_duration_s(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


@click.command(
    epilog="""\b
Examples:
  jobwatchd wait graph 1964
  jobwatchd wait graph 1964 1965 --timeout 2h
  jobwatchd wait media SPACE_ID/WORKFLOW_ID/JOB_ID && ./publish.sh

\b
Exit status: 0 all succeeded, 1 one failed, 4 one was lost, 3 one was cancelled,
124 the time was up, 2 something was wrong with the command or the configuration."""
)
@click.argument("source")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@click.option("--timeout", callback=_duration, metavar="DURATION", help="Give up after so long: 90s, 10m, 2h.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object when it is over.")
@config_option
def wait(source: str, jobs: tuple[str, ...], timeout: float | None, as_json: bool, config: Path | None) -> None:  # noqa: FBT001 - a flag of the command line
    """Wait until each JOB of SOURCE has ended; needs the configuration, but no daemon.

    A JOB is written as in its key: 1964, or SPACE_ID/WORKFLOW_ID/JOB_ID.
    """
    with exit_on_failure():
        settings = load_settings(config, dict(os.environ))
        refs = references(settings, source, jobs)
        with Progress(refs, sys.stderr) as progress:
            waiting = build_waiting(settings, source, told=progress.tell, seen=progress.show)
            ends = anyio.run(waiting.run, refs, timeout)
    if as_json:
        results = [{"job": ref.key, "end": ends[ref].removeprefix("job.") if ref in ends else None} for ref in refs]
        click.echo(orjson.dumps({"jobs": results}))
    sys.exit(_exit_status(refs, ends))


def _exit_status(refs: list[JobReference], ends: Mapping[JobReference, EventType]) -> int:
    for end, status in EXIT_STATUS.items():
        if end in ends.values():
            return status
    return 0 if all(ref in ends for ref in refs) else TIMED_OUT
