"""One look at jobs, to see what an API answers and what is made of it."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import click
import orjson

from jobwatchd.cli.diagnosis import diagnose
from jobwatchd.cli.execution import exit_on_failure
from jobwatchd.cli.options import config_option, references
from jobwatchd.cli.output import spare_output
from jobwatchd.cli.status import ExitStatus
from jobwatchd.cli.table import print_table, printable, shown_instant
from jobwatchd.clock import SystemClock
from jobwatchd.engine.guard import guarded
from jobwatchd.errors import JobNotFound, SourceError, SourceUnauthorized
from jobwatchd.http.answer import bare_url
from jobwatchd.http.wrappers import Exchange
from jobwatchd.kinds.source import Finding, Misfit, SourceSection
from jobwatchd.model.facts import FACTS
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.redaction import SECRETS
from jobwatchd.settings import Settings, load_settings
from jobwatchd.sources.http_json.inspection import RecordedAnswer
from jobwatchd.wiring import build_source

RECORDED_STATUS = 200
PRECEDENCE = (ExitStatus.NO_PERMISSION, ExitStatus.FAILED, ExitStatus.NOT_THERE, ExitStatus.OK)
FINDING_COLUMNS = ("key", "expression", "found", "read as")
_WIDTH = 48
_FIELDS = ("state", *FACTS, "error")


@dataclass(frozen=True, slots=True)
class Probe:
    """What one poll brought, without secrets; `told` is a line on the request and the `answer`, None for none."""

    told: str
    findings: tuple[Finding, ...]
    observation: Observation | None
    error: SourceError | None
    answer: RecordedAnswer | None


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
            seen = anyio.run(_probe_job, settings, source, ref)
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
        print_table(FINDING_COLUMNS, _finding_rows(seen.findings, seen.observation))
    elif seen.observation is not None:
        print_table(FINDING_COLUMNS, _observation_rows(seen.observation))
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


async def _probe_job(settings: Settings, name: str, ref: JobReference) -> Probe:
    """Look at a job once, by a source of its own."""
    section = settings.sources[name]
    heard: list[Exchange] = []
    clock = SystemClock()
    source = build_source(name, section, clock, tap=heard.append)
    observation, error = None, None
    began = clock.monotonic()
    try:
        observation = (await source.observe(ref, 0)).observation
    except SourceError as exc:
        error = exc
    finally:
        took_s = clock.monotonic() - began
        await source.close()
    observation = None if observation is None else guarded(observation)
    if not heard:
        return Probe("no answer", (), observation, error, None)
    last = heard[-1]  # after a refusal it is asked again
    text = last.answer.body.decode("utf-8", "surrogateescape")
    answer = RecordedAnswer(last.answer.status, SECRETS.redact(text).encode("utf-8", "surrogateescape"))
    where = f"{last.method} {bare_url(last.url)}"
    findings = section.findings(where, last.answer, clock.now())
    told = f"{where} answered HTTP {answer.status}, {len(last.answer.body)} bytes, after {took_s:.3f} s"
    return Probe(
        SECRETS.redact(told),
        tuple(Finding(each.key, each.expression, _mask(each.value)) for each in findings),
        observation,
        error,
        answer,
    )


def _mask(value: Any) -> Any:
    match value:
        case str():
            return SECRETS.redact(value)
        case list():
            return [_mask(item) for item in value]
        case Mapping():
            return {SECRETS.redact(str(key)): _mask(item) for key, item in value.items()}
        case Misfit():
            return Misfit(SECRETS.redact(value.why))
        case _:
            return value


def _finding_rows(findings: Sequence[Finding], job: Observation | None) -> list[tuple[object, ...]]:
    """Return rows under `FINDING_COLUMNS`: what each expression found, and what became of it."""
    return [
        (each.key, _shorten(each.expression), _found(each.value), None if job is None else _read_as(each.key, job))
        for each in findings
    ]


def _observation_rows(job: Observation) -> list[tuple[object, ...]]:
    """Return rows under `FINDING_COLUMNS` for a source that has no expressions."""
    rows = [(key, None, job.native_state if key == "state" else None, _read_as(key, job)) for key in _FIELDS]
    return [*rows, *([("tasks", None, None, _read_as("tasks", job))] if job.tasks else [])]


def _read_as(key: str, job: Observation) -> str | None:
    """Return what a job has under one key of `read`."""
    if key == "state":
        return "unmapped: it is in no map" if job.state is None else str(job.state)
    if key == "id":
        return "the job asked for"
    if key == "tasks":
        words = [f"{task.name or task.id} {task.state or f'unmapped ({task.native_state})'}" for task in job.tasks]
        return _shorten(f"{len(words)}: {', '.join(words)}" if words else "none")
    value = job.error if key == "error" else getattr(job.facts, key, None)
    return shown_instant(value) if isinstance(value, datetime) else None if value is None else _shorten(str(value))


def _shorten(text: str) -> str:
    """Return a text in one line, cut to what a column holds."""
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _found(value: Any) -> str:
    if isinstance(value, Misfit):
        return _shorten(f"does not fit: {value.why}")
    try:
        return _shorten(orjson.dumps(value).decode())
    except TypeError:  # a number beyond 64 bits, or what an expression made of one
        return _shorten(str(value))
