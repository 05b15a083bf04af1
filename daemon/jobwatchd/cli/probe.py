"""One look at jobs, to see what an API answers and what is made of it."""

import os
import sys
from pathlib import Path

import anyio
import click
import orjson

from jobwatchd.cli.configuration import config_option
from jobwatchd.cli.diagnosis import diagnose
from jobwatchd.cli.failure import exit_on_failure
from jobwatchd.cli.jobs import references
from jobwatchd.cli.output import spare_output
from jobwatchd.cli.probing import Probe, probe_job
from jobwatchd.cli.reading import COLUMNS, finding_rows, observation_rows
from jobwatchd.cli.status import ExitStatus
from jobwatchd.cli.table import print_table, printable
from jobwatchd.errors import JobNotFound, SourceUnauthorized
from jobwatchd.kinds.source import SourceSection
from jobwatchd.settings import load_settings
from jobwatchd.sources.http_json.inspection import RecordedAnswer

RECORDED_STATUS = 200
PRECEDENCE = (ExitStatus.NO_PERMISSION, ExitStatus.FAILED, ExitStatus.NOT_THERE, ExitStatus.OK)


@click.command(
    epilog="""\b
Examples:
  jobwatchd probe flows nightly/manual__2026-11-23T00:47:02+00:00
  jobwatchd probe ci 33 --record running.json

\b
Exit status, the first that applies:
    0  all were read
   77  the API refused the credentials
    1  one was not read, or its state is in no map
    4  one is not there
    2  the command line or the configuration cannot be used"""
)
@click.argument("source")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Save the answer, without secrets, for check-source.",
)
@config_option
def probe(source: str, jobs: tuple[str, ...], record: Path | None, config: Path | None) -> None:
    """Poll each JOB of SOURCE once; show the answer, what was found in it, and what that means here.

    A JOB is written as in its key, 1964 or SPACE_ID/WORKFLOW_ID/JOB_ID, or with the names of its parts, job_id=1964.
    Needs the configuration, but no daemon. Secrets are masked.
    """
    with exit_on_failure(otherwise=ExitStatus.SOFTWARE):
        settings = load_settings(config, dict(os.environ))
        refs = references(settings, source, jobs)
        if record is not None and len(refs) > 1:
            raise click.BadParameter("it saves one answer; expected one JOB.", param_hint="--record")
        verdicts = set()
        for ref in refs:
            seen = anyio.run(probe_job, settings, source, ref)
            if record is not None and seen.answer is not None:
                _save(record, seen.answer)
            verdicts.add(_verdict(seen))
            with spare_output():  # the status of those that follow counts all the same
                _show(ref.key, seen, settings.sources[source])
    sys.exit(next(status for status in PRECEDENCE if status in verdicts))


def _verdict(seen: Probe) -> ExitStatus:
    match seen.error:
        case SourceUnauthorized():
            return ExitStatus.NO_PERMISSION
        case JobNotFound():
            return ExitStatus.NOT_THERE
    is_read = seen.observation is not None and seen.observation.state is not None
    return ExitStatus.OK if is_read else ExitStatus.FAILED


def _save(file: Path, answer: RecordedAnswer) -> None:
    try:
        file.write_bytes(answer.dump(RECORDED_STATUS))
    except OSError as exc:
        raise click.BadParameter(f"{file} cannot be written: {exc.strerror}.", param_hint="--record") from exc


def _show(key: str, seen: Probe, section: SourceSection) -> None:
    click.echo(f"{printable(key)}: {printable(seen.told)}")
    if seen.findings:
        print_table(COLUMNS, finding_rows(seen.findings, seen.observation))
    elif seen.observation is not None:
        print_table(COLUMNS, observation_rows(seen.observation))
    if seen.error is not None:
        click.echo(f"{seen.error.reason}: {printable(diagnose(seen.error, key.partition('/')[0], section))}")
    if seen.answer is not None:
        click.echo(_pretty(seen.answer))


def _pretty(answer: RecordedAnswer) -> str:
    try:
        text = orjson.dumps(orjson.loads(answer.body), option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError):
        text = answer.body.decode(errors="replace")
    return "\n".join(printable(line) if line else "" for line in text.splitlines())
