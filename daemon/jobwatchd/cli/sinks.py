"""`jobwatchd sinks` and `jobwatchd dead-letters`: where events go, how that fares, and what would not be taken."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import islice
from sys import maxsize
from typing import Any

import click

from jobwatchd.cli.api_client import PAGE, ApiClient
from jobwatchd.cli.connection import uses_daemon
from jobwatchd.cli.events import source_option, types_option
from jobwatchd.cli.output import spare_output
from jobwatchd.cli.table import print_table, printable, shown_time

SINK_COLUMNS = ("sink", "state", "since", "pending", "dead", "reason")
LETTER_COLUMNS = ("position", "sink", "event", "job", "given up", "attempts", "error", "id")
LIST_EXAMPLES = """\
\b
Examples:
  jobwatchd dead-letters list --sink ci
  jobwatchd dead-letters list --all --json
"""
REPLAY_EXAMPLES = """\
\b
Examples:
  jobwatchd dead-letters replay --sink ci --type job.failed
  jobwatchd dead-letters replay 5b2c8a0e-7a0c-5d52-9a55-0a4f8f6f3f10
  jobwatchd dead-letters replay --all
"""


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
        print_table(SINK_COLUMNS, [_sink_row(sink) for sink in found])


@sinks.command(epilog="\b\nExample:\n  jobwatchd sinks enable ci")
@click.argument("name", metavar="SINK")
@uses_daemon
def enable(client: ApiClient, name: str) -> None:
    """Go on with a SINK whose receiver answered 410: what waits for it is sent now."""
    done = "Enabled" if client.enable_sink(name) else "Not disabled:"
    with spare_output():
        click.echo(f"{done} {printable(name)}")


def _sink_row(sink: Mapping[str, Any]) -> Sequence[object]:
    since = shown_time(sink["since"])
    return sink["name"], sink["state"], since, sink["pending"], sink["dead"], sink["reason"]


def chooses(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which dead letters, and hand them to the command as one `choice`."""

    @click.option("--sink", help="Those of this sink only.")
    @source_option
    @types_option
    @click.option("--after", type=click.IntRange(min=0), default=0, help="Those after this position only.")
    @wraps(command)
    def chosen(*args: Any, sink: str | None, source: str | None, types: Sequence[str], after: int, **rest: Any) -> None:
        choice = {"sink": sink, "source": source, "type": list(types), "after": after}
        command(*args, choice={name: value for name, value in choice.items() if value}, **rest)

    return chosen


@click.group("dead-letters", epilog="\b\nExample:\n  jobwatchd dead-letters list --sink ci")
def dead_letters() -> None:
    """List the events that sinks would not take, and have them sent again."""


@dead_letters.command("list", epilog=LIST_EXAMPLES)
@chooses
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the oldest first.")
@click.option("--all", "everything", is_flag=True, help="All that there are, whatever --limit says.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a line.")
@uses_daemon
def list_letters(client: ApiClient, *, choice: Mapping[str, Any], limit: int, everything: bool, as_json: bool) -> None:
    """List the events that sinks would not take, the oldest first."""
    found = client.dead_letters(choice)
    wanted = found if everything else islice(found, limit)
    if as_json:
        for letter in wanted:
            click.echo(json.dumps(letter))
    else:
        print_table(LETTER_COLUMNS, [_letter_row(letter) for letter in wanted])


@dead_letters.command("replay", epilog=REPLAY_EXAMPLES)
@click.argument("ids", metavar="[ID...]", nargs=-1)
@chooses
@click.option("--limit", type=click.IntRange(min=1), help="Of so many events at most, the oldest first.")
@click.option("--all", "everything", is_flag=True, help="All that there are; needed where nothing else says which.")
@uses_daemon
def replay(
    client: ApiClient, ids: Sequence[str], *, choice: Mapping[str, Any], limit: int | None, everything: bool
) -> None:
    """Have events sent again that were given up: those with an ID, or those that fit the options.

    They keep their ids, and are tried as long as new ones.
    """
    if not (ids or choice.keys() - {"after"} or everything):
        raise click.UsageError("Say which: ids, --sink, --source, --type, or --all.")
    count, left = 0, maxsize if limit is None else limit
    for wanted in _requests(ids, {**choice, "all": everything}):
        after: int | None = wanted.get("after", 0)
        while after is not None and left > 0:
            page = min(PAGE, left)
            done = client.replay({**wanted, "after": after, "limit": page})
            count, left, after = count + done["replayed"], left - page, done["next"]
    with spare_output():
        click.echo(f"{count} to be sent again")


def _requests(ids: Sequence[str], wanted: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what to ask for: a person's ids may be more than one request takes."""
    if not ids:
        yield wanted
    for start in range(0, len(ids), PAGE):
        yield {**wanted, "event_ids": list(ids[start : start + PAGE])}


def _letter_row(letter: Mapping[str, Any]) -> Sequence[object]:
    event = letter["event"]
    job = event["key"] or event["source"]
    died = shown_time(letter["died_at"])
    return event["position"], letter["sink"], event["type"], job, died, letter["attempts"], letter["error"], event["id"]
