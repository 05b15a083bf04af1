"""`jobwatchd events`: what happened."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from jobwatchd.cli.api_client import PAGE, ApiClient, Query
from jobwatchd.cli.connection import uses_daemon
from jobwatchd.cli.event_options import source_option, types_option
from jobwatchd.cli.following import Follower
from jobwatchd.cli.output import end_when_unread
from jobwatchd.cli.table import print_table, printable, shown_time

COLUMNS = ("position", "observed", "event", "job", "detail")
EXAMPLES = """\
\b
Examples:
  jobwatchd events --type job.failed --type job.lost
  jobwatchd events --follow --json

\b
Exit status: 0 shown, or whoever read it has gone; 69 the daemon does not answer;
77 it refused the token; 74 standard output cannot be written; 130, 143, 129
ended by SIGINT, SIGTERM, SIGHUP. --follow goes on when the daemon, or what is in
front of it, is away for a while: nothing is missed, and nothing comes twice.
"""


@click.command(epilog=EXAMPLES)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now, until interrupted.")
@source_option
@types_option
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
    if after is None:
        latest = client.events({**chosen, "order": "newest", "limit": limit})["items"][::-1]
        _print(latest, as_json=as_json, whole=not follow)
        after = latest[-1]["position"] if latest else 0
    elif not follow:
        _print(_all_after(client, chosen, after), as_json=as_json, whole=True)
    if follow:
        end_when_unread()
        for page in Follower(client, chosen).pages(after):
            _print(page, as_json=as_json, whole=False)


def _all_after(client: ApiClient, chosen: Query, position: int) -> Iterable[Mapping[str, Any]]:
    while (page := client.events({**chosen, "after": position, "limit": PAGE}))["items"]:
        yield from page["items"]
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
