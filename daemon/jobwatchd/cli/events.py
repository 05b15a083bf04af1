"""`jobwatchd events`: what happened."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from jobwatchd.cli.api_client import PAGE, ApiClient, Query
from jobwatchd.cli.connection import uses_daemon
from jobwatchd.cli.table import print_table, printable, shown_time
from jobwatchd.model.event import EventType

COLUMNS = ("position", "observed", "event", "job", "detail")
WAIT = "30s"
EXAMPLES = """\
\b
Examples:
  jobwatchd events --type job.failed --type job.lost
  jobwatchd events --follow --json
"""


@click.command(epilog=EXAMPLES)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now, until interrupted.")
@click.option("--source", help="Events of this source only.")
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([kind.value for kind in EventType]),
    metavar="TYPE",
    help="Events of this type only, such as job.failed; may be repeated.",
)
@click.option("--after", type=click.IntRange(min=0), help="All events after this position, instead of the latest ones.")
@click.option("--limit", type=click.IntRange(1, PAGE), default=50, show_default=True, help="How many of the latest.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a line.")
@uses_daemon
def events(
    client: ApiClient,
    source: str | None,
    types: Sequence[str],
    after: int | None,
    limit: int,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened: the latest events, or all after a position."""
    chosen: Query = {"source": source, "type": list(types)}
    try:
        if after is None:
            latest = client.events({**chosen, "order": "newest", "limit": limit})["items"][::-1]
            _print(latest, as_json=as_json, whole=not follow)
            if follow:
                _follow(client, chosen, latest[-1]["position"] if latest else 0, as_json=as_json)
        elif follow:
            _follow(client, chosen, after, as_json=as_json)
        else:
            _print(_all_after(client, chosen, after), as_json=as_json, whole=True)
    except KeyboardInterrupt:
        return  # how following is meant to end


def _all_after(client: ApiClient, chosen: Query, position: int) -> Iterable[Mapping[str, Any]]:
    while (page := client.events({**chosen, "after": position, "limit": PAGE}))["items"]:
        yield from page["items"]
        position = page["next"]


def _follow(client: ApiClient, chosen: Query, position: int, *, as_json: bool) -> None:
    while True:
        page = client.events({**chosen, "after": position, "limit": PAGE, "wait": WAIT})
        _print(page["items"], as_json=as_json, whole=False)
        position = page["next"]


def _print(told: Iterable[Mapping[str, Any]], *, as_json: bool, whole: bool) -> None:
    """Print events, under a heading where they are the `whole` of what is printed."""
    if as_json:
        for event in told:
            click.echo(json.dumps(event))
    elif whole:
        print_table(COLUMNS, [_row(event) for event in told])
    else:
        for event in told:  # aligned as well as can be without knowing what comes
            position, observed, kind, job, detail = map(printable, _row(event))
            click.echo(f"{position:>8}  {observed}  {kind:<18}  {job:<24}  {detail}")


def _row(event: Mapping[str, Any]) -> Sequence[object]:
    job = event["key"] or event["source"]
    if event["task"] is not None:
        job = f"{job} {event['task']['name'] or event['task']['id']}"
    return event["position"], shown_time(event["observed_at"]), event["type"], job, event["detail"]
