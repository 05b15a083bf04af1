"""`jobwatchd sinks`: where events go, and how that fares."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from jobwatchd.cli.api_client import ApiClient
from jobwatchd.cli.connection import uses_daemon
from jobwatchd.cli.output import spare_output
from jobwatchd.cli.table import print_table, printable, shown_time

COLUMNS = ("sink", "state", "since", "pending", "dead", "reason")


@click.group(epilog="\b\nExample:\n  jobwatchd sinks enable ci")
def sinks() -> None:
    """Show how the daemon's sinks fare, and go on with one whose receiver had turned it off."""


@sinks.command("list", epilog="\b\nExample:\n  jobwatchd sinks list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@uses_daemon
def list_sinks(client: ApiClient, *, as_json: bool) -> None:
    """List the sinks, and how many events wait for each."""
    found = client.sinks()
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        print_table(COLUMNS, [_row(sink) for sink in found])


@sinks.command(epilog="\b\nExample:\n  jobwatchd sinks enable ci")
@click.argument("name", metavar="SINK")
@uses_daemon
def enable(client: ApiClient, name: str) -> None:
    """Go on with a SINK whose receiver answered 410: what waits for it is sent now."""
    done = "Enabled" if client.enable_sink(name) else "Not disabled:"
    with spare_output():
        click.echo(f"{done} {printable(name)}")


def _row(sink: Mapping[str, Any]) -> Sequence[object]:
    since = shown_time(sink["since"])
    return sink["name"], sink["state"], since, sink["pending"], sink["dead"], sink["reason"]
