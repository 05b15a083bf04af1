"""Descriptions of job APIs and of the configuration itself: those that there are, and one tried on recorded answers."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from jobwatchd.cli.execution import exit_on_failure
from jobwatchd.cli.output import spare_output
from jobwatchd.cli.status import ExitStatus
from jobwatchd.cli.table import print_table, shown_instant
from jobwatchd.description import Description
from jobwatchd.description.auth import needed
from jobwatchd.errors import JobNotFound
from jobwatchd.settings.json_schema import config_schema
from jobwatchd.settings.presets import load_description, load_preset
from jobwatchd.settings.registry import preset_files
from jobwatchd.sources.http_json.inspection import Inspection, RecordedAnswer, inspect

PRESET_COLUMNS = ("name", "system", "version", "job parameters", "credentials")
RECORDED_COLUMNS = ("file", "state", "native", "queued", "started", "finished", "name", "wrong")


@click.command(
    "config-schema",
    epilog="""\b
Example:
  jobwatchd config-schema > jobwatchd.schema.json

An editor with YAML support completes and checks a configuration beside that file which begins with
# yaml-language-server: $schema=jobwatchd.schema.json""",
)
def print_config_schema() -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file, for editors."""
    click.echo(json.dumps(config_schema(), indent=2))


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  jobwatchd presets
  jobwatchd presets show airflow > mine.yaml""",
)
@click.pass_context
def presets(ctx: click.Context) -> None:
    """List the systems that jobwatchd knows: a source's `kind` is one of these names."""
    if ctx.invoked_subcommand is not None:
        return
    with exit_on_failure(otherwise=ExitStatus.SOFTWARE):
        found = [load_preset(file) for file in preset_files().values()]
        rows = [
            (each.name, each.title, each.version, "/".join(each.tree["parameters"]), _credentials(each.tree))
            for each in found
        ]
    print_table(PRESET_COLUMNS, rows)


@presets.command(epilog="\b\nExample:\n  jobwatchd presets show airflow > mine.yaml")
@click.argument(
    "name", shell_complete=lambda _ctx, _param, typed: [one for one in preset_files() if one.startswith(typed)]
)
def show(name: str) -> None:
    """Print the preset NAME, to use as it is, to read, or to start from."""
    file = preset_files().get(name)
    if file is None:
        known = ", ".join(preset_files())
        raise click.BadParameter(f"there is no preset {name!r}; expected one of {known}.", param_hint="NAME")
    click.echo(file.read_text("utf-8"), nl=False)


def _credentials(tree: Mapping[str, object]) -> str | None:
    api = Description.model_validate({key: tree[key] for key in Description.model_fields if key in tree})
    names = ", ".join(needed(api.auth))
    return f"{names} (optional)" if getattr(api.auth, "optional", False) else names or None


@click.command(
    "check-source",
    epilog="""\b
Examples:
  jobwatchd check-source mine.yaml --against answers/*.json
  jobwatchd check-source airflow --against run.json
  jobwatchd check-source jobwatchd.yaml --source flows --against run.json

\b
A recorded answer is what `curl`, `curl -i` or `jobwatchd probe --record` wrote.
Exit status: 0 all were read, 1 one was not, or its state is in no map,
2 the description cannot be used.""",
)
@click.argument("file")
@click.option(
    "--against",
    "first",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="RECORDED...",
    help="Files with answers.",
)
@click.argument("more", nargs=-1, metavar="", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="Whose description is meant, where FILE is a configuration with several.")
def check_source(file: str, first: Path, more: tuple[Path, ...], source: str | None) -> None:
    """Read recorded answers by the description in FILE: a preset's name, a file like one, or a configuration."""
    with exit_on_failure():
        path = preset_files().get(file, Path(file)) if source is None else Path(file)
        api = load_description(path, source)
    rows, good = [], True
    for recorded in (first, *more):
        found = _inspect(api, recorded)
        good = good and _is_good(found)
        rows.append(_row(recorded, found))
    with spare_output():  # who asks `grep -q` has its answer, and the status is still to come
        print_table(RECORDED_COLUMNS, rows)
    sys.exit(ExitStatus.OK if good else ExitStatus.FAILED)


def _inspect(api: Description, file: Path) -> Inspection:
    answer = RecordedAnswer.parse(file.read_bytes(), api.success.status[0])
    return inspect(api, file.name, answer, datetime.now(UTC))


def _is_good(found: Inspection) -> bool:
    if found.observation is None:
        return isinstance(found.error, JobNotFound)
    return found.observation.state is not None


def _row(file: Path, found: Inspection) -> tuple[object, ...]:
    job = found.observation
    if job is None:
        reason = None if found.error is None else found.error.reason
        wrong = None if isinstance(found.error, JobNotFound) else str(found.error).removeprefix(f"{file.name} ")
        return (file.name, reason, None, None, None, None, None, wrong)
    facts = job.facts
    times = [shown_instant(at) for at in (facts.queued_at, facts.started_at, facts.finished_at)]
    wrong = f"{job.native_state!r} is in no map" if job.state is None else None
    return (file.name, job.state or "unmapped", job.native_state, *times, facts.name, wrong)
