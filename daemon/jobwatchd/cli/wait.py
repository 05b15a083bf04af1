"""Waiting for jobs, as a step of a script."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio
import click
import orjson

from jobwatchd.app.one_shot_wait import Outcome
from jobwatchd.cli.diagnosis import diagnose
from jobwatchd.cli.execution import exit_on_failure
from jobwatchd.cli.options import DURATION, config_option, references
from jobwatchd.cli.output import tell_result
from jobwatchd.cli.progress import ProgressDisplay
from jobwatchd.cli.status import ExitStatus
from jobwatchd.cli.table import printable
from jobwatchd.model.job import JobReference
from jobwatchd.redaction import SECRETS
from jobwatchd.settings import Settings, load_settings
from jobwatchd.wiring.one_shot_wait import build_one_shot_wait

APPEAR_WITHIN_S = 30.0
# The first that applies to any of the jobs is the exit status: what needs a person most comes first.
EXIT_STATUS = {
    Outcome.FAILED: ExitStatus.FAILED,
    Outcome.LOST: ExitStatus.NOT_THERE,
    Outcome.NOT_FOUND: ExitStatus.NOT_THERE,
    Outcome.CANCELLED: ExitStatus.CANCELLED,
    Outcome.UNAUTHORIZED: ExitStatus.NO_PERMISSION,
}
LAST_WORDS = {
    Outcome.NOT_FOUND: "is not there, given up.",
    Outcome.UNAUTHORIZED: "credentials were refused again, given up.",
}


@click.command(
    epilog="""\b
Examples:
  jobwatchd wait graph 1964
  jobwatchd wait graph 1964 1965 --timeout 2h
  jobwatchd wait media space_id=d290f1ee workflow_id=e3c908ad job_id=fe2e
  jobwatchd wait media SPACE_ID/WORKFLOW_ID/JOB_ID && ./publish.sh

\b
Exit status, the first that applies:
    0  all succeeded
    1  one failed
    4  one was lost, or is not there
    3  one was cancelled
   77  the API refused the credentials, twice
  124  the time was up
    2  the command line or the configuration cannot be used
   70  something unforeseen went wrong
  130, 143, 129  ended by SIGINT, SIGTERM, SIGHUP
What can or cannot be printed changes none of them."""
)
@click.argument("source")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@click.option("--timeout", type=DURATION, help="Give up after so long: 90s, 10m, 2h.")
@click.option(
    "--appear-within",
    type=DURATION,
    help="How long a job may take to be there: 2m.  [default: 30s, or the source's lost_after.grace if shorter]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object when it is over.")
@config_option
def wait(
    source: str,
    jobs: Sequence[str],
    timeout: float | None,
    appear_within: float | None,
    *,
    as_json: bool,
    config: Path | None,
) -> None:
    """Wait until each JOB of SOURCE has ended; needs the configuration, but no daemon.

    A JOB is written as in its key, 1964 or SPACE_ID/WORKFLOW_ID/JOB_ID, or with the names of its parts, job_id=1964.
    """
    with exit_on_failure(otherwise=ExitStatus.SOFTWARE):
        settings = load_settings(config, dict(os.environ))
        refs = references(settings, source, jobs)
        if appear_within is None:
            appear_within = min(APPEAR_WITHIN_S, settings.sources[source].poll.lost_after.grace)
        ends = _wait(settings, refs, timeout, appear_within)
    if as_json:
        results = [{"job": ref.key, "end": ends.get(ref)} for ref in refs]
        tell_result(orjson.dumps({"jobs": results}))
    sys.exit(_exit_status(refs, ends))


def _wait(
    settings: Settings, refs: Sequence[JobReference], timeout: float | None, appear_within: float
) -> Mapping[JobReference, Outcome]:
    source = refs[0].source
    progress = ProgressDisplay(
        refs,
        sys.stderr,
        explain=partial(diagnose, name=source, section=settings.sources[source]),
        clean=lambda text: printable(SECRETS.redact_foreign(text)),
        patience=f"{appear_within:g} s",
    )
    with progress:
        one_shot = build_one_shot_wait(settings, source, progress, appear_within)
        ends = anyio.run(one_shot.run, refs, timeout)
        for ref in refs:
            if ref not in ends:
                progress.say(ref.key, "has not ended, the time is up.")
            elif ends[ref] in LAST_WORDS:
                progress.say(ref.key, LAST_WORDS[ends[ref]])
    return ends


def _exit_status(refs: Sequence[JobReference], ends: Mapping[JobReference, Outcome]) -> ExitStatus:
    for end, status in EXIT_STATUS.items():
        if end in ends.values():
            return status
    return ExitStatus.OK if all(ref in ends for ref in refs) else ExitStatus.TIMED_OUT
