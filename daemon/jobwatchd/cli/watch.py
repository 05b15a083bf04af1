"""`jobwatchd watch`: which jobs the daemon follows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

import click

from jobwatchd.cli.api_client import ApiClient, ApiError
from jobwatchd.cli.connection import uses_daemon
from jobwatchd.cli.options import DURATION_TEXT, named_jobs
from jobwatchd.cli.output import spare_output, tell
from jobwatchd.cli.table import print_table, printable, shown_time
from jobwatchd.model.job import State
from jobwatchd.model.notation import shown

COLUMNS = ("id", "job", "state", "since", "labels")
ADD_EXAMPLES = """\
\b
Examples:
  jobwatchd watch add graph 1964 --label team=graph --deadline 6h
  jobwatchd watch add media space_id=d290f1ee workflow_id=e3c908ad job_id=fe2e
  jobwatchd watch add media d290f1ee/e3c908ad/fe2e
"""
STATUSES = """
\b
Exit status: 0 done, 2 the daemon cannot take what was asked, 4 there is no such
watch, 69 the daemon does not answer, 77 it refused the token.
"""
# Of a database's numbers.
MOST_DIGITS = 18


class Pair(click.ParamType[tuple[str, str]]):
    """`name=value`."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return name and value; click reports a usage error for anything else."""
        name, equals, rest = value.partition("=")
        if not name or not equals:
            self.fail(f"{shown(value)} is not name=value, such as team=graph.", param, ctx)
        return name, rest


@click.group(epilog=f"\b\nExample:\n  jobwatchd watch add graph 1964 --deadline 6h\n{STATUSES}")
def watch() -> None:
    """Add, list, show and remove the jobs that the running daemon follows."""


@watch.command(epilog=ADD_EXAMPLES + STATUSES)
@click.argument("source")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@click.option("--label", "labels", multiple=True, type=Pair(), help="Carried by every event; may be repeated.")
@click.option("--deadline", type=DURATION_TEXT, help="Tell when the job has not ended after this time: 90m, 6h, 2d.")
@click.option("--min-interval", type=DURATION_TEXT, help="Poll no more often than this: 5s.")
@click.option("--max-interval", type=DURATION_TEXT, help="Poll no less often than this: 2m.")
@click.option("--silent", is_flag=True, help="Tell nothing about the state in which the job is found first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@uses_daemon
def add(
    client: ApiClient,
    source: str,
    jobs: Sequence[str],
    labels: Sequence[tuple[str, str]],
    *,
    silent: bool,
    as_json: bool,
    **durations: str | None,
) -> None:
    """Follow each JOB of a SOURCE, or none where one does not fit; one that is followed already stays as it is.

    A JOB is written as in its key, 1964 or SPACE_ID/WORKFLOW_ID/JOB_ID, or with the names of its parts, job_id=1964.
    """
    options = {
        "labels": dict(labels),
        "initial": "silent" if silent else "tell",
        **{name: text for name, text in durations.items() if text is not None},
    }
    wanted = [{"source": source, "job": job, **options} for job in named_jobs(jobs)]
    added = [client.add_watch(wanted[0])] if len(wanted) == 1 else client.add_watches(wanted)
    with spare_output():
        for found, is_new in added:
            if as_json:
                click.echo(json.dumps({"created": is_new, "watch": found}, indent=2))
            else:
                done = "Watching" if is_new else "Already watching"
                click.echo(f"{done} {printable(found['key'])} (watch {found['id']})")


@watch.command("list", epilog=f"\b\nExample:\n  jobwatchd watch list --source graph --active\n{STATUSES}")
@click.option("--source", help="Jobs of this source only.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Jobs in this state only.")
@click.option("--active/--ended", default=None, help="Jobs that have not ended only, or those that have.")
@click.option("--label", "labels", multiple=True, type=Pair(), help="Jobs with this label only; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@uses_daemon
def list_watches(
    client: ApiClient,
    source: str | None,
    state: str | None,
    *,
    active: bool | None,
    labels: Sequence[tuple[str, str]],
    as_json: bool,
) -> None:
    """List the jobs that are followed."""
    query = {"source": source, "state": state, "active": active, "label": ["=".join(label) for label in labels]}
    found = list(client.list_watches(query))
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        print_table(COLUMNS, [_row(each) for each in found])


@watch.command(epilog=f"\b\nExamples:\n  jobwatchd watch show graph/1964\n  jobwatchd watch show 12\n{STATUSES}")
@click.argument("names", metavar="WATCH", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@uses_daemon
def show(client: ApiClient, names: Sequence[str], *, as_json: bool) -> None:
    """Show a WATCH, by its number or the job's key, and what happened to it."""
    if len(names) > 1:
        raise click.UsageError(f"One watch is expected; a job is written as in its key: {printable('/'.join(names))}")
    found = find_watch(client, names[0])
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    print_table(COLUMNS, [_row(found)])
    for fact, value in _facts(found["observation"]).items():
        if value is not None:
            click.echo(f"{fact}: {printable(value)}")
    click.echo()
    told = [(shown_time(each["observed_at"]), each["type"], each["detail"]) for each in found["history"]]
    print_table(("observed", "event", "detail"), told)


@watch.command("rm", epilog=f"\b\nExample:\n  jobwatchd watch rm graph/1964\n{STATUSES}")
@click.argument("names", metavar="WATCH...", nargs=-1, required=True)
@uses_daemon
def remove(client: ApiClient, names: Sequence[str]) -> None:
    """Stop following each WATCH, by its number or the job's key, or none where one is not there; its events stay."""
    found = {watch["id"]: watch["key"] for watch in [find_watch(client, name) for name in names]}
    for number, key in found.items():
        client.remove_watch(number)
        with spare_output():
            click.echo(f"No longer watching {printable(key)}")


def _row(watch: Mapping[str, Any]) -> Sequence[object]:
    state = "lost" if watch["lost"] else watch["state"] or "not seen yet"
    labels = " ".join(f"{name}={value}" for name, value in watch["labels"].items())
    return watch["id"], watch["key"], state, shown_time(watch["state_since"]), labels


def _facts(observation: Mapping[str, Any] | None) -> Mapping[str, object]:
    if observation is None:
        return {}
    progress = observation["progress"]
    return {
        "name": observation["name"],
        "url": observation.get("url"),
        "workflow": observation["workflow"]["name"] or observation["workflow"]["id"],
        "progress": None if progress is None else f"{progress:g} %",
        "started": shown_time(observation["started_at"]),
        "finished": shown_time(observation["finished_at"]),
        "error": observation["error"],
    }


def find_watch(client: ApiClient, name: str) -> dict[str, Any]:
    """Return the watch that `name` means; raises `ApiError` where there is none, which says what to write.

    A number is always that of a watch. Where a job is called so too, that is said on standard error.
    """
    if name.isascii() and name.isdecimal():
        return _find_number(client, name)
    source, slash, job = name.partition("/")
    if not (source and slash and job):
        example = f"{printable(source) if source else 'graph'}/{printable(job) if job else '1964'}"
        raise click.UsageError(f"{printable(name)!r} is no watch; write its number, or the job's key: {example}")
    key = "/".join([source, *(quote(unquote(part), safe=":@,") for part in job.split("/"))])
    number = client.find_watch(key)
    if number is None:
        raise ApiError(
            f"There is no watch of {printable(key)}; `jobwatchd watch list` shows all.", HTTPStatus.NOT_FOUND
        )
    return client.get_watch(number)


def _find_number(client: ApiClient, name: str) -> dict[str, Any]:
    found = _get(client, name)
    if found is None:
        raise ApiError(_suggest(client, name), HTTPStatus.NOT_FOUND)
    others = [key for key in _namesakes(client, name) if key != found["key"]]
    if others:
        tell(f"{name} is the number of the watch of {found['key']}; for the job write {' or '.join(others)}.")
    return found


def _get(client: ApiClient, name: str) -> dict[str, Any] | None:
    if len(name) > MOST_DIGITS:
        return None
    try:
        return client.get_watch(int(name))
    except ApiError as exc:
        if exc.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def _suggest(client: ApiClient, name: str) -> str:
    says = f"There is no watch with the number {name}"
    keys = list(_namesakes(client, name))
    if keys:
        return f"{says}; for the job write {' or '.join(keys)}."
    example = next(iter(client.sources()), "graph")
    return f"{says}; `jobwatchd watch list` shows all. A job is named by its key, such as {example}/{name}."


def _namesakes(client: ApiClient, job: str) -> Iterator[str]:
    """Yield the keys of the watched jobs that are called so at their source."""
    for source in client.sources():
        key = f"{source}/{job}"
        if client.find_watch(key) is not None:
            yield key
