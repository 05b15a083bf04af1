"""One look at jobs, to see what an API answers and what is made of it."""

import os
import sys
from pathlib import Path

import anyio
import click
import orjson

from jobwatchd.cli.failure import FAILED, exit_on_failure
from jobwatchd.cli.jobs import references
from jobwatchd.cli.probing import Probe, probe_job
from jobwatchd.cli.reading import COLUMNS, finding_rows, observation_rows
from jobwatchd.cli.run import config_option
from jobwatchd.cli.table import print_table, printable
from jobwatchd.settings import load_settings
from jobwatchd.sources.http_json.recorded import RecordedAnswer

RECORDED_STATUS = 200


@click.command(
    epilog="""\b
Examples:
  jobwatchd probe flows nightly/manual__2026-11-23T00:47:02+00:00
  jobwatchd probe ci 33 --record running.json

\b
Exit status: 0 all were read, 1 one was not, or its state is in no map,
2 something was wrong with the command or the configuration."""
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

    A JOB is written as in its key: 1964, or SPACE_ID/WORKFLOW_ID/JOB_ID. Needs the configuration, but no daemon.
    Secrets are masked.
    """
    with exit_on_failure():
        settings = load_settings(config, dict(os.environ))
        refs = references(settings, source, jobs)
        if record is not None and len(refs) > 1:
            raise click.BadParameter("it saves one answer; expected one JOB.", param_hint="--record")
        good = True
        for ref in refs:
            seen = anyio.run(probe_job, settings, source, ref)
            if record is not None and seen.answer is not None:
                _save(record, seen.answer)
            _show(ref.key, seen)
            good = good and seen.observation is not None and seen.observation.state is not None
    sys.exit(0 if good else FAILED)


def _save(file: Path, answer: RecordedAnswer) -> None:
    try:
        file.write_bytes(answer.dump(RECORDED_STATUS))
    except OSError as exc:
        raise click.BadParameter(f"{file} cannot be written: {exc.strerror}.", param_hint="--record") from exc


def _show(key: str, seen: Probe) -> None:
    click.echo(f"{printable(key)}: {printable(seen.told)}")
    if seen.findings:
        print_table(COLUMNS, finding_rows(seen.findings, seen.observation))
    elif seen.observation is not None:
        print_table(COLUMNS, observation_rows(seen.observation))
    if seen.error is not None:
        click.echo(f"{seen.error.reason}: {printable(seen.error)}")
    if seen.answer is not None:
        click.echo(_pretty(seen.answer))


def _pretty(answer: RecordedAnswer) -> str:
    try:
        text = orjson.dumps(orjson.loads(answer.body), option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError):
        text = answer.body.decode(errors="replace")
    return "\n".join(printable(line) if line else "" for line in text.splitlines())
