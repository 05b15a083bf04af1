"""`jobwatchd events`: what happened, and what happens, over restarts of the daemon."""

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from jobwatchd.cli.api_client import PAGE, ApiClient, ApiError, Query
from jobwatchd.cli.connection import uses_daemon
from jobwatchd.cli.output import end_when_unread, tell
from jobwatchd.cli.table import print_table, printable, shown_time
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.event import EventType

source_option = click.option("--source", help="Events of this source only.")
types_option = click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([kind.value for kind in EventType]),
    metavar="TYPE",
    help="Events of this type only, such as job.failed; may be repeated.",
)
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
WAIT = "30s"
# Half of it by chance, for many may follow one daemon.
RETRY = Backoff(first_s=0.5, factor=2.0, longest_s=10.0)


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
        for page in _follow(client, chosen, after):
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


def _follow(client: ApiClient, chosen: Query, position: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the events after `position`, page after page, for ever; raises `ApiError` for what will not pass.

    It goes on where it stopped when the daemon is back: no event is missed, and none comes twice.
    """
    failures = 0
    while True:
        try:
            if failures:
                position = _resumed(client, position)
            page = client.events({**chosen, "after": position, "limit": PAGE, "wait": WAIT})
        except ApiError as exc:
            if not exc.passes:
                raise
            failures += 1
            if failures == 1:
                tell(f"{exc} Trying again until it answers.")
            time.sleep(RETRY.ceiling_s(failures) * (1 + random.random()) / 2)  # noqa: S311 - it only spreads requests
            continue
        if failures:
            failures = 0
            tell("jobwatchd answers again.")
        yield page["items"]
        position = page["next"]


def _resumed(client: ApiClient, position: int) -> int:
    """Return where to go on: at the beginning where the daemon has begun anew, with another database."""
    newest = client.events({"order": "newest", "limit": 1})["items"]
    last = newest[0]["position"] if newest else 0
    if last >= position:
        return position
    tell("jobwatchd has another database than before; following from its beginning.")
    return 0
