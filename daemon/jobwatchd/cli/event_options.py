"""Options that say which events are meant."""

import click

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
